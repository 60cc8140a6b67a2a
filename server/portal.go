package server

import "net/http"

// portal is the pages of the supplier's staff under /portal/.
func (s *Server) portal() http.Handler { return http.HandlerFunc(notFound) }
