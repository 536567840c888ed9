/// Where runs go.
package enum PlatformKind: String, Sendable, CaseIterable, Hashable {
  case local, kubernetes, core
}
