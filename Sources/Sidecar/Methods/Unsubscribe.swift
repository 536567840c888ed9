internal import JSON
internal import Model
internal import ParameterSchema

extension Method {
  static let unsubscribe = Method(
    MethodDeclaration(
      "unsubscribe",
      summary: "Ends a subscription; the run goes on.",
      description: "Its last event, with the reason `unsubscribed`, may come before or after the answer. One that has "
        + "ended by itself meanwhile is answered in the same way.",
      parameters: [
        Parameter("subscription", .string(.nonEmpty), title: "Subscription", "As subscribeRun named it.").with {
          $0.required = true
          $0.example = "sub-1"
        }
      ],
      result: "{}",
      resultSchema: ["type": "object"],
      errors: [.subscriptionNotFound],
      example: ["subscription": "sub-1"]
    ),
    order: .concurrent
  ) { call in
    try await call.subscriptions.end(call.string("subscription") ?? "")
    return [:]
  }
}
