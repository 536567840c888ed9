import ArgumentParser
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#endif

// The bare command is what programs spawn: it need not wait for the parsing of a command line that is not there.
if CommandLine.argc == 1, let composition = try? Composition() {
  exit(Stdio.speak(composition))
}
DHSidecar.main()
