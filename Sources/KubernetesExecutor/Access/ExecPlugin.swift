import JSON
import Model

/// A program that gives credentials (client.authentication.k8s.io, v1 and v1beta1).
package struct ExecPlugin: Sendable, Hashable {
  package struct Variable: Sendable, Hashable {
    package var name: String
    package var value: String
  }

  package var command: String
  package var arguments: [String]
  package var environment: [Variable]
  package var apiVersion: String
  /// Told to the program as KUBERNETES_EXEC_INFO's `spec.cluster`.
  package var providesClusterInfo: Bool
  /// What a person is told where the program is not there.
  package var installHint: String?
  package var file: String

  /// Throws `invalid_settings`.
  init(_ json: JSONObject, _ user: Kubeconfig.Entry) throws(SidecarError) {
    guard let command = json["command"]?.stringValue, !command.isEmpty else {
      throw Kubeconfig.fault(user.file, "an exec plugin has no command")
    }
    let version = json["apiVersion"]?.stringValue ?? ""
    guard ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"].contains(version) else {
      throw Kubeconfig.fault(
        user.file,
        "the exec plugin \(command) has the apiVersion `\(version)`; v1 and v1beta1 of client.authentication.k8s.io are known"
      )
    }
    // As client-go: a name with a slash begins in the file's folder, any other is looked for on PATH.
    self.command = command.hasPrefix("/") || !command.contains("/") ? command : user.folder + "/" + command
    arguments = (json["args"]?.arrayValue ?? []).compactMap(\.stringValue)
    environment = (json["env"]?.arrayValue ?? []).compactMap { entry in
      entry["name"]?.stringValue.map { Variable(name: $0, value: entry["value"]?.stringValue ?? "") }
    }
    apiVersion = version
    providesClusterInfo = json["provideClusterInfo"] == true
    installHint = json["installHint"]?.stringValue
    file = user.file
  }
}
