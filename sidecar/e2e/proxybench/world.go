package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The size of the workload.
const (
	policies = 1000
	users    = 256
	rotating = 1024 // different requests
)

// world is what all contenders are measured with: an issuer, an upstream,
// policies and requests.
type world struct {
	dir              string
	issuer, upstream net.Listener
	key              *rsa.PrivateKey
	requests         map[string][][]byte // by kind
}

func newWorld(dir string) (*world, error) {
	w := &world{dir: dir, requests: map[string][][]byte{}}
	var err error
	if w.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	for _, l := range []*net.Listener{&w.issuer, &w.upstream} {
		if *l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
	}
	go serveUpstream(w.upstream, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(upstreamBody), upstreamBody))
	go func() { _ = http.Serve(w.issuer, w.provider()) }()
	if err := w.writePolicies(); err != nil {
		return nil, err
	}
	return w, w.writeRequests()
}

func (w *world) close() {
	_ = w.issuer.Close()
	_ = w.upstream.Close()
}

func (w *world) issuerURL() string { return "http://" + w.issuer.Addr().String() }

// provider publishes the key that the tokens are signed with.
func (w *world) provider() http.Handler {
	encode := base64.RawURLEncoding.EncodeToString
	answer := func(v any) http.HandlerFunc {
		return func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(out).Encode(v)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", answer(map[string]any{
		"issuer": w.issuerURL(), "jwks_uri": w.issuerURL() + "/jwks", "authorization_endpoint": w.issuerURL() + "/auth", "token_endpoint": w.issuerURL() + "/token",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	}))
	mux.HandleFunc("/jwks", answer(map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", "n": encode(w.key.N.Bytes()), "e": encode(big.NewInt(int64(w.key.E)).Bytes()),
	}}}))
	return mux
}

// token signs a token of a user.
func (w *world) token(user int) (string, error) {
	encode := func(v any) string {
		data, _ := json.Marshal(v) // of maps with strings and numbers
		return base64.RawURLEncoding.EncodeToString(data)
	}
	now := time.Now().Unix()
	text := encode(map[string]any{"alg": "RS256", "typ": "JWT", "kid": "one"}) + "." + encode(map[string]any{
		"iss": w.issuerURL(), "aud": "bench", "sub": fmt.Sprintf("user-%d", user), "iat": now, "exp": now + 3*3600, "jti": fmt.Sprintf("token-%d", user),
		"tenant": "acme", "roles": []string{"reader", "writer", fmt.Sprintf("team-%d", user%8)}, "email": fmt.Sprintf("user-%d@example.com", user),
	})
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, w.key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

func (w *world) writePolicies() error {
	const head = "apiVersion: gwctl.dev/v1\nkind: %s\nmetadata: {name: %s}\nspec:\n"
	var out strings.Builder
	methods := []string{"GET", "POST", "PUT", "DELETE", "PATCH"}
	for service := range policies / len(methods) {
		name := fmt.Sprintf("service%d", service)
		fmt.Fprintf(&out, head+"  actions:\n", "Resource", name)
		for op := range methods {
			fmt.Fprintf(&out, "    op%d: {}\n", op)
		}
		out.WriteString("  attributes:\n    tenant: {type: string, from: [path]}\n    owner: {type: string, from: [path]}\n  routes:\n")
		for op, method := range methods {
			fmt.Fprintf(&out, "    - {route: \"%s /%s/op%d/tenants/{tenant}/users/{owner}\", action: op%d}\n", method, name, op, op)
		}
		out.WriteString("---\n")
		for op := range methods {
			fmt.Fprintf(&out, head+"  resources: [%s]\n  rules:\n    - id: owner\n      effect: allow\n      actions: [op%d]\n      roles: [reader]\n"+
				"      when: has(user.tenant) && user.tenant == resource.tenant && resource.owner == user.id\n---\n", "Policy", fmt.Sprintf("%s-op%d", name, op), name, op)
		}
	}
	dir := filepath.Join(w.dir, "policies")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(strings.TrimSuffix(out.String(), "---\n")), 0o600)
}

// Kinds of requests.
const (
	direct = "proxied"      // to the service
	asked  = "forward-auth" // a proxy asks about the same
)

// writeRequests makes the requests, all of which are allowed.
func (w *world) writeRequests() error {
	tokens := make([]string, users)
	for i := range tokens {
		var err error
		if tokens[i], err = w.token(i); err != nil {
			return err
		}
	}
	for i := range rotating {
		user := i * 7 % users
		path := fmt.Sprintf("/service%d/op0/tenants/acme/users/user-%d?page=%d", i*13%(policies/5), user, i%9)
		rest := "User-Agent: bench/1.0\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nX-Trace: 4bf92f3577b34da6a3ce929d0e0e4736\r\nAuthorization: Bearer " + tokens[user] + "\r\n\r\n"
		w.requests[direct] = append(w.requests[direct], []byte("GET "+path+" HTTP/1.1\r\nHost: api.example.com\r\n"+rest))
		w.requests[asked] = append(w.requests[asked], []byte("GET /auth HTTP/1.1\r\nHost: gwctl.internal\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: api.example.com\r\n"+
			"X-Forwarded-Uri: "+path+"\r\nX-Forwarded-For: 192.0.2.7\r\n"+rest))
	}
	return nil
}
