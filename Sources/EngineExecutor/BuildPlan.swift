import Build
import Model

/// What a build makes the engine do. A value: the same for rendering and for doing.
package struct BuildPlan: Sendable {
  /// The image that is made, fully qualified.
  package var tag: String
  /// Nil where the Dockerfile is the source's own.
  package var dockerfile: Dockerfile?
  /// The base image and how it is fetched; nil where the Dockerfile says it, or it is empty.
  package var base: Base?
  /// Its body is the context; `renderRun` shows the Dockerfile and where the source goes.
  package var call: EngineCall
  package var push: EngineCall?

  package struct Base: Sendable {
    package var image: String
    package var pullPolicy: ImagePullPolicy
    package var pull: EngineCall?
  }

  var calls: [EngineCall] { [base?.pull, call, push].compactMap(\.self) }
}
