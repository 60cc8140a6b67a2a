package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"hushwatt/prover"
)

var versionCommand = command{
	name:    "version",
	does:    "which build this is",
	example: "hushwatt version",
	flags: func(*flags) action {
		return func(*console) (answer, error) { return thisVersion(), nil }
	},
}

type versionAnswer struct {
	Version  string `json:"version"`  // of the module, or "devel"
	Revision string `json:"revision"` // of the source, empty if not built in a checkout
	Go       string `json:"go"`
	Suite    string `json:"suite"` // of the protocol
}

func thisVersion() versionAnswer {
	v := versionAnswer{Version: "devel", Suite: prover.Suite}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Go = info.GoVersion
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value
		}
	}
	return v
}

func (v versionAnswer) text(w io.Writer) {
	fmt.Fprintf(w, "hushwatt %s %.12s (%s), protocol %s\n", v.Version, v.Revision, v.Go, v.Suite)
}
