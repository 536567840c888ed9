internal import JSON

/// The function's parameters.
package enum FunctionParameters {
  /// What a function's spec is made of.
  package static let spec: [Parameter] = [
    image, baseImage, imagePullPolicy, command, codeSource, code, base64, handler, lang,
  ]

  /// What `createFunction` takes, `spec` included.
  package static let create: [Parameter] =
    [
      SharedParameters.project,
      Parameter(
        "name",
        .string(.slug),
        title: "Name",
        "Names the function in its project. A name that is there already gets a new version."
      ).with {
        $0.required = true
        $0.example = "my_function"
      },
      Parameter("kind", .enumeration(["container"]), title: "Kind", "What sort of function it is.").with {
        $0.required = true
        $0.example = "container"
        $0.widget = .hidden
      },
      SharedParameters.uuid, SharedParameters.description, SharedParameters.labels,
      embedded,
    ].map { parameter in parameter.with { if $0.scopes.isEmpty { $0.scopes = [.function] } } } + spec

  package static let embedded = Parameter(
    "embedded",
    .boolean,
    title: "Embedded",
    "Whether the function is listed inside its project. It is kept and shown, and changes nothing else."
  ).with {
    $0.defaultValue = false
    $0.group = .tracking
  }

  package static let image = Parameter(
    "image",
    .string(.nonEmpty),
    title: "Image",
    "The container image to run, as name:tag or name@digest. For a build, the name of the image that is made. "
      + "What a run gives wins over the function's value."
  ).with {
    $0.example = "hello-world:latest"
    $0.group = .program
    $0.scopes = [.function, .run]
    $0.furtherFaults = imageFaults
  }.onCore(
    .varies(
      "On Core the function's wins, so another one in a run is refused; a build gets a new version for it, and its tag is "
        + "Core's, which warnings say."
    )
  ).except(.warning("image_name"), on: Cell.Target.core, actions: [.build])

  /// A name that no registry can have is found before anything asks for it.
  private static let imageFaults: @Sendable (JSONValue, String) -> [Fault] = { value, pointer in
    guard let text = value.stringValue else { return [] }
    do throws(ImageReferenceError) {
      _ = try ImageReference(text)
      return []
    } catch {
      return [
        Fault(pointer: pointer, rule: "image_name", message: error.description, hint: error.hint)
      ]
    }
  }

  package static let baseImage = Parameter(
    "base_image",
    .string(.nonEmpty),
    title: "Base image",
    "The image that a build starts from."
  ).with {
    $0.example = "python:3.11-slim"
    $0.group = .build
    $0.scopes = [.function, .run]
    $0.furtherFaults = imageFaults
    $0.actions = [.build]
  }.onCore(functionWins)

  package static let imagePullPolicy = Parameter(
    "image_pull_policy",
    .enumeration(ImagePullPolicy.allCases.map(\.rawValue)),
    title: "Image pull policy",
    "When the image is fetched: Always before each run, only where it is not present, or never."
  ).with {
    $0.defaultValue = "IfNotPresent"
    $0.example = "IfNotPresent"
    $0.group = .program
    $0.scopes = [.function, .run]
  }

  package static let command = Parameter(
    "command",
    .string(.nonEmpty),
    title: "Command",
    "The program to start instead of the image's own. It is one word of the command line, never split: give what "
      + "follows it in the run's args."
  ).with {
    $0.example = "python3"
    $0.group = .program
    $0.scopes = [.function, .run]
    $0.actions = [.job, .serve, .deploy]
  }.onCore(functionWins)

  package static let codeSource = Parameter(
    "code_src",
    .string(.codeSource),
    title: "Code source",
    "Where the source code is: the path of a file, a directory or a .zip, or a URI with the scheme git+https, https, "
      + "zip+https, s3 or zip+s3. Its files are put under /shared."
  ).with {
    $0.example = "git+https://github.com/octocat/Hello-World#master"
    $0.group = .source
    $0.scopes = [.function]
  }

  package static let code = Parameter("code", .string(), title: "Code", "The source code itself, as plain text.").with {
    $0.example = "print('hello')\n"
    $0.group = .source
    $0.widget = .textarea
    $0.scopes = [.function]
  }

  package static let base64 = Parameter(
    "base64",
    .string(.base64),
    title: "Code in base64",
    "The source code, encoded."
  )
  .with {
    $0.example = "cHJpbnQoJ2hlbGxvJykK"
    $0.group = .source
    $0.widget = .textarea
    $0.scopes = [.function]
  }

  package static let handler = Parameter(
    "handler",
    .string(.nonEmpty),
    title: "Handler",
    "The entry point in the source: a name for one file, module.path:name for repositories and archives. The "
      + "container finds it in the variable DH_HANDLER."
  ).with {
    $0.example = "main:run"
    $0.group = .source
    $0.scopes = [.function]
    $0.actions = [.job, .serve, .deploy]
  }

  package static let lang = Parameter(
    "lang",
    .enumeration([
      "python", "java", "javascript", "typescript", "dockerfile", "markdown", "html", "json", "sql", "css", "yaml",
      "text", "sh",
    ]),
    title: "Language",
    "The source's language: it gives inline code its file extension, and dockerfile makes it a build's Dockerfile."
  ).with {
    $0.example = "python"
    $0.group = .source
    $0.scopes = [.function]
  }

  private static let functionWins = Parameter.Treatment.varies(
    "On Core the function's wins, so another one in a run is refused."
  )
}
