import ArgumentParser

DHSidecar.main()
