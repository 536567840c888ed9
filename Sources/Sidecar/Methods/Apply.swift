internal import FoundationEssentials
internal import JSON
internal import Model
internal import ParameterSchema
internal import Platform

extension Method {
  static let apply = Method(
    MethodDeclaration(
      "apply",
      summary: "Makes what a container file describes: a function and its runs.",
      description: """
        The file is YAML or JSON: {project?, function: {the params of createFunction}, runs: {NAME: {the params of run, \
        without function}}}. Nothing is created where anything in it is invalid; pointers are into the document. Applied \
        again, what is the same stays: the function's version, and each run, finished or not. A changed function gets a \
        new version, and it or a changed run a new run; runs of before go on.
        """,
      parameters: [
        SharedParameters.project.with {
          $0.description = "The project; the file's own, if it names one, has to agree."
        },
        Parameter("text", .string(), title: "Text", "The file's text. A relative code_src in it is taken from the ")
          .with {
            $0.description += "folder that dh-sidecar was started in."
            $0.example =
              "function: {name: my_function, kind: container, image: hello-world}\nruns: {hello: {action: job}}"
          },
        Parameter("path", .string(.nonEmpty), title: "Path", "The file's path, in place of its text. A relative ")
          .with {
            $0.description += "code_src in it is taken from the file's folder."
            $0.example = "hello.container.yaml"
          },
      ],
      result: "{project, function, runs: {NAME: run}, warnings?}",
      errors: [
        .projectNotFound, .secretNotFound, .unsupportedAction, .unsupportedParameter, .idempotencyConflict,
        .profileNotFound, .portInUse, .engineUnavailable, .sourceError,
      ],
      example: ["text": "function: {name: my_function, kind: container, image: hello-world}\nruns: {a: {action: job}}"],
      furtherCheck: checkFile
    ),
    order: .changesProjectOfFile
  ) { call in
    let here = FileManager.default.currentDirectoryPath
    let folder = call.string("path").map { path in
      let absolute = path.hasPrefix("/") ? path : here + "/" + path
      return String(absolute[..<(absolute.lastIndex(of: "/") ?? absolute.startIndex)]) + "/"
    }
    let application = Application(
      file: ContainerFile(parsing: call.string("text") ?? ""),
      project: call.project,
      folder: folder ?? here,
      platform: call.platform
    )
    return .object(try await application.carriedOut())
  }

  /// Reads the file, which stands under `text` afterwards; its project becomes the call's.
  @Sendable private static func checkFile(_ check: inout ParameterCheck) {
    switch (check.normalised["text"]?.stringValue, check.normalised["path"]?.stringValue) {
    case (nil, nil):
      let hint = "Give the file's text, or its path."
      check.faults = [Fault(pointer: "/text", rule: "required", message: "`text` is missing.", hint: hint)]
    case (.some, .some):
      let message = "`path` and `text` exclude one another."
      check.faults = [Fault(pointer: "/path", rule: "exclusive", message: message, hint: "Give one of them.")]
    case (nil, let path?):
      do throws(Fault) { check.normalised["text"] = .string(try ContainerFileText.read(path)) } catch {
        check.faults = [error]
      }
    case (.some, nil): break
    }
    guard check.faults.isEmpty, let text = check.normalised["text"]?.stringValue else { return }
    let file = ContainerFile(parsing: text)
    check.faults = file.faults
    check.warnings += file.warnings
    guard let project = file.project else { return }
    if let given = check.normalised["project"]?.stringValue, given != project {
      let message = "The call's project is \(given), the file's \(project)."
      check.faults.append(
        Fault(pointer: "/project", rule: "conflict", message: message, hint: "Take it out of one of them.")
      )
    }
    check.normalised["project"] = .string(project)
  }
}
