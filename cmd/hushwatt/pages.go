package main

import (
	"net/http"

	"hushwatt/server"
)

// pages is the householder's app.
func pages(server.Config) (http.Handler, error) { return nil, nil }
