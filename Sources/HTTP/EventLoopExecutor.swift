import NIOCore
import NIOPosix
import Synchronization

/// Runs tasks on the thread that does the network's work, so that no answer has to wake another thread: for callers
/// whose time is spent on requests. The loop, with its thread, is made when the first task comes.
package final class EventLoopExecutor: TaskExecutor {
  private let group = Mutex<MultiThreadedEventLoopGroup?>(nil)

  package init() {}

  var eventLoopGroup: MultiThreadedEventLoopGroup {
    group.withLock { group in
      if let group { return group }
      let made = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      group = made
      return made
    }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    eventLoopGroup.any().execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
