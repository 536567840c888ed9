import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The thread that everything of one catalog runs on: SQLite blocks, and the cooperative pool has only as many
/// threads as there are cores. Started by the first job; it ends when nobody holds the executor any more.
package final class CatalogThread: SerialExecutor {
  private struct Job {
    let job: UnownedJob
    /// Keeps the executor alive for as long as the job runs.
    let executor: CatalogThread
  }

  private final class Queue: Sendable {
    struct State {
      var jobs: [Job] = []
      var isStarted = false
      var isClosed = false
    }
    let state = Mutex(State())
    /// Counts jobs. A semaphore may be used by any thread (sem_overview(7)); the pointer itself never changes.
    nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

    init() {
      semaphore = .allocate(capacity: 1)
      sem_init(semaphore, 0, 0)
    }

    deinit {
      sem_destroy(semaphore)
      semaphore.deallocate()
    }

    func run() {
      while true {
        while sem_wait(semaphore) != 0 {}
        let (jobs, isClosed) = state.withLock { state in
          defer { state.jobs = [] }
          return (state.jobs, state.isClosed)
        }
        for job in jobs { job.job.runSynchronously(on: job.executor.asUnownedSerialExecutor()) }
        if isClosed && jobs.isEmpty { return }
      }
    }
  }

  private let queue = Queue()

  package init() {}

  deinit {
    queue.state.withLock { $0.isClosed = true }
    sem_post(queue.semaphore)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = Job(job: UnownedJob(job), executor: self)
    let mustStart = queue.state.withLock { state in
      state.jobs.append(job)
      defer { state.isStarted = true }
      return !state.isStarted
    }
    if mustStart { start() }
    sem_post(queue.semaphore)
  }

  private func start() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Parsing and releasing JSON of the greatest depth recurses; musl's default of 128 KiB is too small for it.
    pthread_attr_setstacksize(&attributes, 4 << 20)
    defer { pthread_attr_destroy(&attributes) }
    let argument = Unmanaged.passRetained(queue).toOpaque()
    var thread = pthread_t(bitPattern: 0)
    let code = pthread_create(&thread, &attributes, catalogThreadMain, argument)
    // There is nobody to tell: a job that can't be queued would leave its caller waiting for ever.
    guard code == 0 else { fatalError("the catalog's thread can't be started: \(String(cString: strerror(code)))") }
  }

  fileprivate static func run(_ argument: UnsafeMutableRawPointer) {
    Unmanaged<Queue>.fromOpaque(argument).takeRetainedValue().run()
  }
}

private func catalogThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { CatalogThread.run(argument) }
  return nil
}
