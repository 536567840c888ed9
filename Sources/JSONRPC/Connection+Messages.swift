internal import JSON
import Synchronization

// What comes in, up to the call that it becomes. All of this runs on the reader.
extension Connection {
  func receive(_ event: FrameDecoder.Event) {
    switch event {
    case .failure(let error): send(id: .null, .failure(error))
    case .message(let bytes):
      do {
        receive(try JSONValue(parsing: bytes, limits: limits.message))
      } catch {
        let refusal = ResponseError(
          code: ResponseError.parseErrorCode,
          message: "parse error: \(error)",
          data: [
            "code": "parse_error", "retryable": false, "rule": .string(error.code.rawValue),
            "offset": .integer(error.offset),
          ]
        )
        send(id: .null, .failure(refusal))
      }
    }
  }

  private func receive(_ message: JSONValue) {
    guard case .array(let elements) = message else {
      return receive(message, slot: .single { [weak self] in self?.send($0) })
    }
    guard !elements.isEmpty else {
      return send(id: .null, .failure(.invalidRequest("a batch holds at least one request")))
    }
    let slots = ReplySlot.batch(elements.count) { [weak self] in self?.send($0) }
    for (element, slot) in zip(elements, slots) { receive(element, slot: slot) }
  }

  private func receive(_ message: JSONValue, slot: ReplySlot) {
    guard case .object(let object) = message else {
      return refuse(.null, "a request is an object", slot)
    }
    if !object.contains("method"), object.contains("result") || object.contains("error"), object.contains("id") {
      warn("ignored a response: this server sends no requests")
      return slot.fill(nil)
    }
    let id: RequestID?
    if let value = object["id"] {
      guard let given = RequestID(value) else { return refuse(.null, "an id is a string, a number or null", slot) }
      id = given
    } else {
      id = nil
    }
    guard object["jsonrpc"]?.stringValue == "2.0" else {
      return refuse(id ?? .null, #"the member "jsonrpc" must be "2.0""#, slot)
    }
    guard let method = object["method"]?.stringValue else {
      return refuse(id ?? .null, #"the member "method" must be a string"#, slot)
    }
    switch object["params"] {
    case nil, .null: dispatch(id, method, [:], slot)
    case .object(let params): dispatch(id, method, params, slot)
    case .array:
      let error = ResponseError(
        code: ResponseError.invalidParamsCode,
        message: "params are given by name: send an object, not an array",
        data: ["code": "invalid_params", "retryable": false]
      )
      fill(slot, id, .failure(error))
    default: refuse(id ?? .null, #"the member "params" must be an object"#, slot)
    }
  }

  private func refuse(_ id: RequestID, _ message: String, _ slot: ReplySlot) {
    fill(slot, id, .failure(.invalidRequest(message)))
  }

  // MARK: Methods of the connection itself

  private func dispatch(_ id: RequestID?, _ method: String, _ params: JSONObject, _ slot: ReplySlot) {
    guard let id else {
      notified(method, params)
      return slot.fill(nil)
    }
    let (isShutDown, isDuplicate) = state.withLock { ($0.isShutDown, $0.table.contains(id)) }
    if isDuplicate {
      // With its own id this answer would be taken for the other call's.
      let message = "the id \(id.jsonValue.text()) belongs to a call that is not answered yet"
      return refuse(.null, message, slot)
    }
    if isShutDown { return refuse(id, "the server is shut down; only exit is left", slot) }
    if method == "shutdown" {
      state.withLock { $0.isShutDown = true }
      return fill(slot, id, .success(.null))
    }
    call(id, method, params, slot)
  }

  private func notified(_ method: String, _ params: JSONObject) {
    switch method {
    case "$/cancelRequest": cancel(params)
    case "exit": state.withLock { $0.exitCode = $0.isShutDown ? 0 : 1 }
    default: enqueueNotification(method, params)
    }
  }

  /// Unknown ids are ignored: the answer may have crossed the cancel.
  private func cancel(_ params: JSONObject) {
    guard let value = params["id"], let id = RequestID(value) else {
      return warn("$/cancelRequest without a valid id")
    }
    let (task, waiting) = state.withLock { $0.table.cancel(id) }
    task?.cancel()
    if let waiting { answer(waiting, .failure(.cancelled)) }
  }
}
