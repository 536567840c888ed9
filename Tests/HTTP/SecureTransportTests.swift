import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import HTTP

private final class Greeting: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    let headers = HTTPHeaders([("X-One", "1"), ("X-One", "2"), ("Content-Length", "5")])
    context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "hello")))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}

@Suite struct SecureTransportTests {
  /// A server on 127.0.0.1, with TLS where there is a certificate; its URL is handed to `body`.
  private func withServer(
    _ identity: (certificate: String, key: String)?,
    _ body: (String) async throws -> Void
  ) async throws {
    let tls = try identity.map { identity in
      try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: NIOSSLCertificate.fromPEMFile(identity.certificate).map { .certificate($0) },
          privateKey: .privateKey(NIOSSLPrivateKey(file: identity.key, format: .pem))
        )
      )
    }
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Greeting())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Void, any Error>
    do {
      try await body("\(tls == nil ? "http" : "https")://127.0.0.1:\(server.localAddress?.port ?? 0)/")
      result = .success(())
    } catch { result = .failure(error) }
    try await server.close()
    try result.get()
  }

  /// The body, or the error, of a GET through a transport of its own.
  private func get(_ url: String, _ configuration: HTTPConfiguration, longLived: Bool = false) async -> Result<
    String, HTTPError
  > {
    let transport = HTTPTransport(configuration)
    let result: Result<String, HTTPError>
    do {
      let response = try await transport.send(HTTPRequest("GET", url, longLived: longLived))
      result = .success(String(decoding: try await response.body(), as: UTF8.self))
    } catch { result = .failure(error as? HTTPError ?? .other("\(error)")) }
    await transport.shutdown()
    return result
  }

  private func isUntrusted(_ result: Result<String, HTTPError>) -> Bool {
    guard case .failure(.untrusted) = result, case .failure(let error) = result else { return false }
    return error.message.contains("core.ca_file")
  }

  @Test func anAuthorityOfOnesOwn() async throws {
    let certificates = try Certificates()
    defer { certificates.remove() }
    let identity = try certificates.issue("server", for: "IP:127.0.0.1")
    try await withServer(identity) { url in
      let refused = await get(url, HTTPConfiguration())
      #expect(isUntrusted(refused), "\(refused)")
      let extra = HTTPConfiguration(environment: [:], extraCAFile: certificates.authority)
      #expect(await get(url, extra) == .success("hello"))
      #expect(await get(url, extra, longLived: true) == .success("hello"))
      for variable in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
        #expect(await get(url, HTTPConfiguration(environment: [variable: certificates.authority])) == .success("hello"))
      }
    }
  }

  @Test(arguments: [("IP:127.0.0.2", 2), ("DNS:localhost", 2), ("IP:127.0.0.1", 0)])
  func aCertificateForAnotherNameOrTime(subject: String, days: Int) async throws {
    let certificates = try Certificates()
    defer { certificates.remove() }
    let identity = try certificates.issue("server", for: subject, days: days)
    if days == 0 { try await Task.sleep(for: .seconds(1.1)) }
    try await withServer(identity) { url in
      let result = await get(url, HTTPConfiguration(environment: [:], extraCAFile: certificates.authority))
      #expect(isUntrusted(result), "\(result)")
    }
  }

  @Test func filesThatCannotBeUsed() async throws {
    let certificates = try Certificates()
    defer { certificates.remove() }
    let empty = certificates.directory + "/empty.pem"
    try Data("no certificate\n".utf8).write(to: URL(filePath: empty))
    let url = "https://127.0.0.1:1/"
    for file in ["/nowhere/ca.pem", empty] {
      let result = await get(url, HTTPConfiguration(environment: [:], extraCAFile: file))
      #expect(isUntrusted(result), "\(result)")
      guard case .failure(let error) = result else { continue }
      #expect(error.message.contains(file))
    }
    let named = await get(url, HTTPConfiguration(environment: ["SSL_CERT_FILE": "/nowhere/ca.pem"]))
    guard case .failure(.untrusted(let text)) = named else {
      Issue.record("\(named)")
      return
    }
    #expect(text.contains("SSL_CERT_FILE"))
    // Who uses no TLS is not held up by them.
    try await withServer(nil) { url in
      #expect(await get(url, HTTPConfiguration(environment: ["SSL_CERT_FILE": "/nowhere/ca.pem"])) == .success("hello"))
    }
  }

  @Test func allHeadersAreThere() async throws {
    try await withServer(nil) { url in
      let transport = HTTPTransport()
      let response = try await transport.send(HTTPRequest("GET", url))
      #expect(response.headers.filter { $0.name == "X-One" }.map(\.value) == ["1", "2"])
      #expect(response.header("x-one") == "1")
      _ = try await response.body()
      await transport.shutdown()
    }
  }

  // MARK: Proxies

  @Test func aTunnelForBothSchemes() async throws {
    let certificates = try Certificates()
    defer { certificates.remove() }
    let proxy = try await TunnelProxy()
    let environment = ["HTTPS_PROXY": "http://\(proxy.place)", "http_proxy": proxy.place]
    let configuration = HTTPConfiguration(environment: environment, extraCAFile: certificates.authority)
    try await withServer(try certificates.issue("server", for: "IP:127.0.0.1")) { url in
      #expect(await get(url, configuration) == .success("hello"))
    }
    try await withServer(nil) { url in
      #expect(await get(url, configuration) == .success("hello"))
      let past = HTTPConfiguration(environment: environment.merging(["NO_PROXY": "127.0.0.0/8"]) { $1 })
      #expect(await get(url, past) == .success("hello"))
    }
    #expect(proxy.requests.count == 2 && proxy.requests.allSatisfy { $0.hasPrefix("CONNECT 127.0.0.1:") })
    try await proxy.close()
  }

  @Test func aProxyWithAPassword() async throws {
    let proxy = try await TunnelProxy(authorization: "Basic " + Data("ann:p@ss".utf8).base64EncodedString())
    try await withServer(nil) { url in
      let known = HTTPConfiguration(environment: ["HTTP_PROXY": "http://ann:p%40ss@\(proxy.place)"])
      #expect(await get(url, known) == .success("hello"))
      let result = await get(url, HTTPConfiguration(environment: ["HTTP_PROXY": "http://\(proxy.place)"]))
      guard case .failure(.other(let text)) = result else {
        Issue.record("\(result)")
        return
      }
      #expect(text.contains("HTTP_PROXY") && text.contains("USER:PASSWORD"), "\(text)")
    }
    try await proxy.close()
  }

  @Test func aProxyThatRefuses() async throws {
    let proxy = try await TunnelProxy(refusing: true)
    let result = await get("https://core.invalid/", HTTPConfiguration(environment: ["ALL_PROXY": proxy.place]))
    guard case .failure(.other(let text)) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(text.contains("ALL_PROXY") && text.contains("core.invalid"), "\(text)")
    try await proxy.close()
    let gone = await get("https://core.invalid/", HTTPConfiguration(environment: ["ALL_PROXY": "127.0.0.1:1"]))
    guard case .failure(.refused) = gone else {
      Issue.record("\(gone)")
      return
    }
  }
}
