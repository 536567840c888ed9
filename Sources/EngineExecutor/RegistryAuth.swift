import Build
import FoundationEssentials
import JSON
import Model

/// Credentials of registries, from the files that `podman login` and `docker login` write.
struct RegistryAuth: Sendable {
  let environment: [String: String]

  /// In the order in which they are asked.
  var files: [String] {
    var files: [String] = []
    if let file = environment["REGISTRY_AUTH_FILE"] { files.append(file) }
    if let runtime = environment["XDG_RUNTIME_DIR"] { files.append(runtime + "/containers/auth.json") }
    if let home = environment["HOME"] {
      files.append((environment["XDG_CONFIG_HOME"] ?? home + "/.config") + "/containers/auth.json")
    }
    if let directory = environment["DOCKER_CONFIG"] {
      files.append(directory + "/config.json")
    } else if let home = environment["HOME"] {
      files.append(home + "/.docker/config.json")
    }
    return files
  }

  /// The value of `X-Registry-Auth` for this image: base64url of the Engine API's AuthConfig; nil where no file has
  /// inline credentials for it. A file that is not JSON counts as empty: the pull then says what is missing.
  func header(for image: ImageReference) -> String? {
    for file in files {
      guard let data = try? Data(contentsOf: URL(filePath: file)), let json = try? JSONValue(parsing: Array(data)),
        let header = Self.header(for: image, in: json)
      else { continue }
      return header
    }
    return nil
  }

  /// The value of `X-Registry-Config` (Docker Engine API, ImageBuild): every registry's inline credentials, of the first
  /// file that has any for it; nil where there are none.
  func allHeader() -> String? {
    var configs: JSONObject = [:]
    for file in files {
      guard let data = try? Data(contentsOf: URL(filePath: file)), let json = try? JSONValue(parsing: Array(data))
      else {
        continue
      }
      for (registry, entry) in json["auths"]?.objectValue?.members ?? [] where configs[registry] == nil {
        configs[registry] = Self.config(entry, registry).map { .object($0) }
      }
    }
    return configs.isEmpty ? nil : Self.encoded(configs)
  }

  static func header(for image: ImageReference, in json: JSONValue) -> String? {
    guard let auths = json["auths"]?.objectValue else { return nil }
    for key in keys(for: image) {
      guard let entry = auths[key] else { continue }
      if let config = config(entry, key) { return encoded(config) }
    }
    return nil
  }

  /// The Engine API's AuthConfig.
  private static func config(_ entry: JSONValue, _ registry: String) -> JSONObject? {
    if let token = entry["identitytoken"]?.stringValue, !token.isEmpty {
      return ["identitytoken": .string(token), "serveraddress": .string(registry)]
    }
    guard let auth = entry["auth"]?.stringValue, let data = Data(base64Encoded: auth) else { return nil }
    let pair = String(decoding: data, as: UTF8.self).split(separator: ":", maxSplits: 1)
    guard pair.count == 2 else { return nil }
    return [
      "username": .string(String(pair[0])), "password": .string(String(pair[1])), "serveraddress": .string(registry),
    ]
  }

  /// Most specific first (containers-auth.json(5)), then Docker Hub's historical names.
  private static func keys(for image: ImageReference) -> [String] {
    var keys: [String] = []
    var path = image.qualified
    while let slash = path.lastIndex(of: "/") {
      path = String(path[..<slash])
      keys.append(path)
    }
    keys += ["https://" + image.registry, "http://" + image.registry]
    if image.registry == "docker.io" {
      keys += ["https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"]
    }
    return keys
  }

  private static func encoded(_ json: JSONObject) -> String {
    Data(JSONValue.object(json).serialized()).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_")
  }
}
