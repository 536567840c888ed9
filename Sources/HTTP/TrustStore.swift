import NIOSSL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The certificates of those who may vouch for a server.
struct TrustStore: Sendable {
  /// Where Linux distributions keep theirs, as Go's crypto/x509 knows them. A static binary brings none along.
  static let systemFiles = [
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  // Fedora
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
    "/etc/ssl/ca-bundle.pem",  // openSUSE
    "/etc/ssl/cert.pem",  // Alpine
  ]

  let configuration: HTTPConfiguration

  /// Certificates and host names are checked, unless the configuration says otherwise. Throws `HTTPError.untrusted` where a file can't be used. Without any
  /// bundle on the machine nobody but the extra file's authorities is trusted.
  func tlsConfiguration() throws(HTTPError) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    if !configuration.checksServer { tls.certificateVerification = .none }
    if let identity = configuration.identity { try Self.set(identity, in: &tls) }
    if let authorities = configuration.authorities {
      let certificates = (try? NIOSSLCertificate.fromPEMBytes(authorities)) ?? []
      guard !certificates.isEmpty else {
        throw HTTPError.untrusted("the certificate authority has no certificate in PEM (-----BEGIN CERTIFICATE-----)")
      }
      tls.trustRoots = .certificates(certificates)
    } else if let location = configuration.trust {
      guard access(location.path, R_OK) == 0 else {
        throw HTTPError.untrusted(
          "\(location.path), which \(location.variable) names, can't be read: \(String(cString: strerror(errno)))"
        )
      }
      tls.trustRoots = .file(location.path)
    } else if let file = Self.systemFiles.first(where: { access($0, R_OK) == 0 }) {
      tls.trustRoots = .file(file)
    } else {
      tls.trustRoots = .certificates([])
    }
    if let file = configuration.extraCAFile {
      tls.additionalTrustRoots = [.certificates(try Self.certificates(file))]
    }
    return tls
  }

  private static func set(
    _ identity: HTTPConfiguration.ClientIdentity,
    in tls: inout TLSConfiguration
  ) throws(HTTPError) {
    do {
      tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(identity.certificates).map { .certificate($0) }
      tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: identity.key, format: .pem))
    } catch {
      throw HTTPError.untrusted("the client's certificate, or its key, is not in PEM: \(error)")
    }
  }

  private static func certificates(_ file: String) throws(HTTPError) -> [NIOSSLCertificate] {
    guard access(file, R_OK) == 0 else {
      throw HTTPError.untrusted("the CA file \(file) can't be read: \(String(cString: strerror(errno)))")
    }
    let certificates = (try? NIOSSLCertificate.fromPEMFile(file)) ?? []
    guard !certificates.isEmpty else {
      throw HTTPError.untrusted("the CA file \(file) has no certificate in PEM (-----BEGIN CERTIFICATE-----)")
    }
    return certificates
  }
}
