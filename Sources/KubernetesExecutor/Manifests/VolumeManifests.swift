import JSON
import Model
import Platform

/// The volumes of a run: what the pod mounts, and the claims that have to be there.
struct VolumeManifests {
  private(set) var volumes: [JSONValue] = []
  private(set) var mounts: [JSONValue] = []
  private(set) var claims: [JSONObject] = []
  private(set) var warnings: [Warning] = []
  private let execution: Execution
  private let configuration: KubernetesConfiguration

  init(_ execution: Execution, _ configuration: KubernetesConfiguration) {
    self.execution = execution
    self.configuration = configuration
    var used: Set<String> = []
    for (index, volume) in execution.spec.volumes.enumerated() {
      // Names in a pod are labels of their own; two volumes may read alike.
      var name = ObjectName.of([volume.name])
      if !used.insert(name).inserted { name = ObjectName.of([volume.name, "\(index)"]) }
      mount(name, at: volume.mountPath, source(volume, at: index))
    }
    let hasShared = execution.spec.volumes.contains { Self.isShared($0.mountPath) }
    if let disk = execution.spec.resources.disk, !hasShared {
      mount("dh-disk", at: InlineCode.directory, ["emptyDir": ["sizeLimit": .string(disk.text)]])
    }
    if let code = InlineCode(execution.spec) { addSource(code, hasShared: hasShared) }
  }

  /// A writable folder of the run's own, with the file in it.
  private mutating func addSource(_ code: InlineCode, hasShared: Bool) {
    if !hasShared, execution.spec.resources.disk == nil {
      mount("dh-shared", at: InlineCode.directory, ["emptyDir": [:]])
    }
    let name = ObjectName.run(execution.runID, InlineCode.suffix)
    volumes.append(["name": "dh-source", "configMap": ["name": .string(name), "defaultMode": 0o755]])
    mounts.append([
      "name": "dh-source", "mountPath": .string(InlineCode.directory + "/" + code.fileName),
      "subPath": .string(InlineCode.key), "readOnly": true,
    ])
  }

  private mutating func mount(_ name: String, at path: String, _ source: JSONObject) {
    volumes.append(.object(JSONObject([("name", .string(name))] + source.members.map { ($0.name, $0.value) })))
    mounts.append(["name": .string(name), "mountPath": .string(path)])
  }

  private mutating func source(_ volume: Volume, at index: Int) -> JSONObject {
    switch volume.kind {
    case .emptyDir, nil:
      var source: JSONObject = [:]
      source["medium"] = volume.spec["medium"].flatMap { $0.stringValue?.isEmpty == true ? nil : $0 }
      source["sizeLimit"] = volume.spec["size_limit"]
      return ["emptyDir": .object(source)]
    case .persistentVolumeClaim:
      let name = ObjectName.of(["dh", execution.project, volume.name])
      claims.append(claim(name, volume, at: index, labels: RunLabels.ofProject(execution)))
      return ["persistentVolumeClaim": ["claimName": .string(name)]]
    case .sharedVolume:
      return ["persistentVolumeClaim": ["claimName": volume.spec["claim_name"] ?? .string(volume.name)]]
    case .ephemeral where configuration.features.ephemeralVolumes:
      return [
        "ephemeral": [
          "volumeClaimTemplate": [
            "metadata": ["labels": .object(RunLabels.all(execution))], "spec": claimSpec(volume, at: index),
          ]
        ]
      ]
    case .ephemeral:
      let name = ObjectName.run(execution.runID, "volume-\(volume.name)")
      claims.append(claim(name, volume, at: index, labels: RunLabels.all(execution)))
      return ["persistentVolumeClaim": ["claimName": .string(name)]]
    case .configMap: return ["configMap": ["name": volume.spec["name"] ?? .string(volume.name)]]
    // Refused by its declaration.
    case .hostPath: return ["hostPath": ["path": volume.spec["path"] ?? .null]]
    case .secret: return ["secret": ["secretName": volume.spec["name"] ?? .string(volume.name)]]
    }
  }

  private mutating func claim(_ name: String, _ volume: Volume, at index: Int, labels: JSONObject) -> JSONObject {
    [
      "apiVersion": "v1", "kind": "PersistentVolumeClaim",
      "metadata": [
        "name": .string(name), "namespace": .string(configuration.namespace), "labels": .object(labels),
        "annotations": [RunLabels.prefix + "volume-name": .string(volume.name)],
      ],
      "spec": claimSpec(volume, at: index),
    ]
  }

  private mutating func claimSpec(_ volume: Volume, at index: Int) -> JSONValue {
    if volume.spec["size"] == nil {
      warnings.append(
        Warning(
          pointer: "/volumes/\(index)/spec/size",
          code: "default_size",
          message: "a claim needs a size: without one it is \(configuration.volumeSize)"
        )
      )
    }
    var spec: JSONObject = [
      "accessModes": ["ReadWriteOnce"],
      "resources": ["requests": ["storage": volume.spec["size"] ?? .string(configuration.volumeSize)]],
    ]
    spec["storageClassName"] = volume.spec["storage_class"]
    return .object(spec)
  }

  private static func isShared(_ path: String) -> Bool {
    path.split(separator: "/", omittingEmptySubsequences: true) == ["shared"]
  }
}
