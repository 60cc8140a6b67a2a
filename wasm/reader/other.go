//go:build !js

package main

// serve does nothing where there is no page to answer.
func serve() {}
