package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"hushwatt/internal/wire"
)

// sessionLength is how long a login lasts.
const sessionLength = 12 * time.Hour

// sessions makes and checks session cookies. A cookie is [expiry, 16 random
// bytes, HMAC under a key made of the token]: nothing is stored, a restart keeps
// everyone logged in, and a new token logs everyone out.
type sessions struct{ key [sha256.Size]byte }

func newSessions(token []byte) sessions {
	return sessions{sha256.Sum256(append([]byte(wire.LabelSession), token...))}
}

const sessionBody = 8 + 16

func (s sessions) make(expires time.Time) string {
	b := make([]byte, sessionBody)
	binary.BigEndian.PutUint64(b, uint64(expires.Unix()))
	rand.Read(b[8:])
	return base64.RawURLEncoding.EncodeToString(s.sum(b))
}

// sum appends the authenticator to a cookie's body.
func (s sessions) sum(body []byte) []byte {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write(body)
	return mac.Sum(body)
}

func (s sessions) valid(cookie string, now time.Time) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil || len(b) != sessionBody+sha256.Size {
		return false
	}
	body := b[:sessionBody:sessionBody]
	return hmac.Equal(s.sum(body), b) && now.Unix() < int64(binary.BigEndian.Uint64(body))
}

// cookieName binds the cookie to this host where the browser can promise it.
func (s *Server) cookieName() string {
	if s.secure {
		return "__Host-hushwatt"
	}
	return "hushwatt"
}

func (s *Server) cookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: s.cookieName(), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode}
}

// logIn sets the session cookie if the token is the staff's. It returns a problem
// for the portal to show otherwise.
func (s *Server) logIn(w http.ResponseWriter, r *http.Request, token string) *Problem {
	if !s.isToken(token) {
		// The right token always counts: strangers cannot lock out the staff.
		if !s.logins.allow(r.RemoteAddr) {
			return problem(http.StatusTooManyRequests, "too many attempts; wait a minute").with("Retry-After", "60")
		}
		return problem(http.StatusUnauthorized, "this is not the token")
	}
	http.SetCookie(w, s.cookie(s.sessions.make(s.Now().Add(sessionLength)), int(sessionLength/time.Second)))
	return nil
}

// logOut ends the session in this browser.
func (s *Server) logOut(w http.ResponseWriter) { http.SetCookie(w, s.cookie("", -1)) }

// isToken compares in constant time, whatever the length.
func (s *Server) isToken(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1
}

// isStaff reports whether a request carries the token or a session.
func (s *Server) isStaff(r *http.Request) bool {
	if token, ok := bearer(r); ok {
		return s.isToken(token)
	}
	c, err := r.Cookie(s.cookieName())
	return err == nil && s.sessions.valid(c.Value, s.Now())
}

func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "bearer")
}
