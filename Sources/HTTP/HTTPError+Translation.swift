import AsyncHTTPClient
import NIOCore
import NIOSSL

extension HTTPError {
  /// An error of the client library in our words; cancellation stays what it is.
  static func translated(_ error: any Error, target: HTTPTarget? = nil, proxy: ProxyRules.Proxy? = nil) -> any Error {
    switch error {
    case is CancellationError, is HTTPError: return error
    case let error as HTTPClientError:
      switch error {
      case .cancelled: return CancellationError()
      case .proxyAuthenticationRequired:
        return HTTPError.other(
          "the proxy\(name(proxy)) wants a user and a password: http://USER:PASSWORD@HOST:PORT"
        )
      case .invalidProxyResponse:
        return HTTPError.other("the proxy\(name(proxy)) refuses to connect to \(target?.host ?? "the server")")
      case .readTimeout, .writeTimeout, .connectTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout,
        .tlsHandshakeTimeout:
        return HTTPError.timeout(error.shortDescription)
      case .remoteConnectionClosed: return HTTPError.closed(error.shortDescription)
      default: return HTTPError.other(error.shortDescription)
      }
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      return HTTPError.untrusted("the certificate that \(target?.host ?? "the server") shows is for another name")
    case let error as NIOSSLError:
      // BoringSSL's verdict has no type of its own, only this reason in its error stack.
      guard "\(error)".contains("CERTIFICATE_VERIFY_FAILED") else { return HTTPError.other("TLS: \(error)") }
      return HTTPError.untrusted(
        "the certificate of \(target?.host ?? "the server") is by an authority that this machine does not know, or out "
          + "of date"
      )
    case let error as IOError:
      return isConnectFailure(error.errnoCode) ? HTTPError.refused("\(error)") : HTTPError.closed("\(error)")
    case is ChannelError: return HTTPError.refused("\(error)")
    default:
      let text = "\(error)"
      return text.contains("connect") ? HTTPError.refused(text) : HTTPError.closed(text)
    }
  }

  private static func name(_ proxy: ProxyRules.Proxy?) -> String {
    proxy.map { " \($0.host):\($0.port) (\($0.variable))" } ?? ""
  }

  private static func isConnectFailure(_ code: CInt) -> Bool {
    // ENOENT, EACCES, EPERM, ECONNREFUSED on Linux.
    [2, 13, 1, 111].contains(code)
  }
}
