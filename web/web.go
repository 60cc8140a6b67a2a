// Package web holds the app's static files and serves them: style, scripts,
// icons, and the two compiled programs with their compressed copies, which the
// build leaves in the folder built. Files under /web/ are served by names that
// hold their hash and are good for ever; pages are served under their own names
// and asked about every time. docs/design/build.md says how it fits together.
package web

import (
	"embed"
	"io/fs"
)

//go:embed *.css *.js *.webmanifest icons built
var embedded embed.FS

// Files are the files as this program was built with them. Without a build of
// the app the folder built holds a note only; Site.Complete tells.
func Files() fs.FS { return embedded }
