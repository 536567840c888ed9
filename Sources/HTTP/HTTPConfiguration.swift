/// How connections are made: whom to trust, and through whom to go.
package struct HTTPConfiguration: Sendable, Hashable {
  package var connectTimeout: Duration = .seconds(10)
  /// A PEM file with certificates that are trusted beside the others.
  package var extraCAFile: String?
  /// A PEM file, or a folder as `c_rehash` makes it, that takes the place of the system's certificates. Nil: those.
  package var trust: TrustLocation?
  package var proxies = ProxyRules()
  /// In PEM: these alone vouch for the server, in place of the system's certificates and `trust`.
  package var authorities: [UInt8]?
  /// Who we are to a server that asks for a certificate.
  package var identity: ClientIdentity?
  /// False only where the user's own configuration says that the server is not to be checked.
  package var checksServer = true
  /// Addresses of host names, by name: the certificate is checked against the name, the connection goes to the address.
  package var addresses: [String: String] = [:]

  /// No proxy, the system's certificates.
  package init() {}

  /// As Python's requests has it, which the SDK uses: REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, then OpenSSL's
  /// SSL_CERT_FILE and SSL_CERT_DIR; HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in lower or upper case.
  package init(environment: [String: String], extraCAFile: String? = nil) {
    for variable in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"] where trust == nil {
      trust = environment[variable].flatMap { $0.isEmpty ? nil : TrustLocation(path: $0, variable: variable) }
    }
    self.extraCAFile = extraCAFile
    proxies = ProxyRules(environment: environment)
  }

  /// A certificate with its chain, and its key, both in PEM.
  package struct ClientIdentity: Sendable, Hashable {
    package var certificates: [UInt8]
    package var key: [UInt8]

    package init(certificates: [UInt8], key: [UInt8]) {
      self.certificates = certificates
      self.key = key
    }
  }

  package struct TrustLocation: Sendable, Hashable {
    package var path: String
    /// The variable that names it.
    package var variable: String
  }
}
