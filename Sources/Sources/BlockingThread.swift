import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Work that blocks in the kernel, on a thread of its own: the cooperative pool has only as many threads as there are
/// cores, and a slow disk would take one of them away from everybody.
enum BlockingThread {
  /// Told when the task that waits for the work is cancelled; the work asks between its steps.
  final class Cancellation: Sendable {
    private let isCancelled = Atomic(false)

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once it is cancelled.
    func check() throws {
      if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
    }
  }

  private final class Job: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Runs the work and gives its result or its error; a `SourceError` where no thread can be started.
  static func run<Result: Sendable>(
    _ work: @escaping @Sendable (Cancellation) throws -> Result
  ) async throws -> Result {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let job = Job {
          do {
            let result = try work(cancellation)
            continuation.resume(returning: result)
          } catch { continuation.resume(throwing: error) }
        }
        let code = start(job)
        if code != 0 {
          continuation.resume(
            throwing: SourceError(
              "no thread can be started to read the source",
              hint: "raise the limit of processes (ulimit -u), or end others",
              cause: String(cString: strerror(code))
            )
          )
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  private static func start(_ job: Job) -> CInt {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    // A folder is walked by recursion, which musl's default of 128 KiB is too small for.
    pthread_attr_setstacksize(&attributes, 2 << 20)
    defer { pthread_attr_destroy(&attributes) }
    let argument = Unmanaged.passRetained(job)
    var thread = pthread_t(bitPattern: 0)
    let code = pthread_create(&thread, &attributes, blockingThreadMain, argument.toOpaque())
    if code != 0 { argument.release() }
    return code
  }

  fileprivate static func run(_ argument: UnsafeMutableRawPointer) {
    Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
  }
}

private func blockingThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { BlockingThread.run(argument) }
  return nil
}
