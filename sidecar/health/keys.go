package health

import (
	"net/http"
	"strconv"
)

// KeysPath is where services find the keys that assertions are signed with.
const KeysPath = "/.well-known/gwctl-jwks.json"

// Keys adds the public keys of assertions to a handler, for GET and HEAD of
// exactly [KeysPath].
func Keys(next http.Handler, document func() []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() != KeysPath || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		data := document()
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Content-Length", strconv.Itoa(len(data)))
		h.Set("Cache-Control", "max-age=60")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodGet {
			_, _ = w.Write(data) // the client has gone
		}
	})
}
