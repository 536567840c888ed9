package import HTTP

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A source as a tar file ready to be sent: a temporary file without a name, which is gone with its last holder.
package struct TarArchive: Sendable {
  package let file: HTTPFile

  /// Whom the files will belong to, and who may write to them.
  package struct Access: Sendable, Hashable {
    package enum Writers: Sendable, Hashable {
      case owner
      /// New files in the folders get the group too.
      case group
      /// For a program whose user is known only to the image.
      case everyone
    }

    package var owner: FileOwner
    package var writers: Writers

    package init(owner: FileOwner, writers: Writers) {
      self.owner = owner
      self.writers = writers
    }

    package var folderMode: UInt32 {
      switch writers {
      case .owner: 0o755
      case .group: 0o2775
      case .everyone: 0o777
      }
    }

    package func fileMode(isExecutable: Bool) -> UInt32 { folderMode & 0o777 & (isExecutable ? 0o777 : 0o666) }
  }

  /// Packs all files of a source, with the folders that they are in, as they were when the source was read; on a thread
  /// of its own. `includesTop`: the folder that it is unpacked into gets the access too. `temporaryDirectory` holds the
  /// bytes. Throws a `SourceError` (also where the source has changed
  /// meanwhile), or `CancellationError`.
  package static func make(
    _ source: LocalSource,
    access: Access,
    includesTop: Bool,
    temporaryDirectory: String
  ) async throws -> TarArchive {
    try await BlockingThread.run { cancellation in
      try written(temporaryDirectory) { writer in
        if includesTop { try writer.addFolder(".", mode: access.folderMode, owner: access.owner) }
        var folders: Set<Substring> = []
        for entry in source.entries {
          for slash in entry.name.indices where entry.name[slash] == "/" {
            let folder = entry.name[..<slash]
            guard folders.insert(folder).inserted else { continue }
            try writer.addFolder(String(folder), mode: access.folderMode, owner: access.owner)
          }
          let mode = access.fileMode(isExecutable: entry.isExecutable)
          try writer.begin(entry.name, size: entry.size, mode: mode, owner: access.owner)
          try source.copy(entry, to: writer, cancellation)
        }
      }
    }
  }

  /// One folder, empty.
  package static func folder(_ name: String, access: Access, temporaryDirectory: String) async throws -> TarArchive {
    try await BlockingThread.run { _ in
      try written(temporaryDirectory) { try $0.addFolder(name, mode: access.folderMode, owner: access.owner) }
    }
  }

  private static func written(_ directory: String, _ write: (SourceArchiveWriter) throws -> Void) throws -> TarArchive {
    let descriptor = try TemporaryFile.open(in: directory)
    do {
      let writer = try SourceArchiveWriter(.tar, descriptor: descriptor, place: directory)
      try write(writer)
      try writer.finish()
    } catch {
      close(descriptor)
      throw error
    }
    return TarArchive(file: HTTPFile(adopting: descriptor, length: TemporaryFile.size(descriptor)))
  }
}

extension LocalSource {
  /// Writes an entry's contents, which have to be those that were read before.
  func copy(_ entry: Entry, to writer: SourceArchiveWriter, _ cancellation: BlockingThread.Cancellation) throws {
    let file = try RegularFile(entry.path, root: kind == .folder ? path : nil)
    guard file.size == entry.size, file.isExecutable == entry.isExecutable else { throw Self.changed(entry.path) }
    let digest = try file.digest(limit: entry.size, cancellation) { try writer.write($0) }
    guard digest == entry.digest else { throw Self.changed(entry.path) }
  }

  static func changed(_ path: String) -> SourceError {
    SourceError("\(path) changed while it was read", hint: "try again when nothing writes to it")
  }
}
