package main

import (
	"net/http"

	"hushwatt/app"
	"hushwatt/web"
)

// pages is the householder's app: its files and its screens, rendered once. It is
// served without the two programs too, and then says so on the screen; complete
// tells.
func pages() (handler http.Handler, complete bool, err error) {
	screens, err := app.Pages()
	if err != nil {
		return nil, false, err
	}
	site, err := web.New(web.Files(), screens)
	if err != nil {
		return nil, false, err
	}
	return site, site.Complete(), nil
}
