// Command app is the householder's pages as the browser runs them.
package main

import "hushwatt/app"

func main() { app.Run() }
