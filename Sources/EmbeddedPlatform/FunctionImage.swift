internal import Catalog
internal import JSON
internal import Model
internal import Platform

extension Catalog {
  /// After a build the function's image is the built one: the same version, in place, as Core has it. An image that the
  /// build started from, for want of a base_image, becomes the base_image, so that the next build starts there again.
  func adopt(_ image: BuiltImage, of run: RunRecord) throws {
    _ = try updateFunction(project: run.entity.project, id: run.functionID) { function in
      let former = function.spec["image"]
      guard former?.stringValue != image.name else { return }
      let hasDockerfile = function.spec["lang"]?.stringValue == "dockerfile"
      let isNamedByRun = run.entity.spec["run_spec"]?["base_image"] != nil
      if let former, function.spec["base_image"] == nil, !hasDockerfile, !isNamedByRun {
        function.spec["base_image"] = former
      }
      function.spec["image"] = .string(image.name)
      function.metadata.updated = Timestamp.now()
    }
  }
}
