/// Of the product and of the protocol that it speaks.
package enum SidecarVersion {
  package static let current = "0.1.0"
  package static let protocolVersion = "1"
}
