package canonical

import (
	"errors"
	"fmt"
	"net/http"
)

// maxNameBytes is the longest name of an identity header, and how much of a
// name goes into a log.
const maxNameBytes = 64

// class is what a header is to gwctl.
type class uint8

const (
	classPlain      class = iota
	classIdentity         // set by gwctl towards the upstream
	classManaged          // set or removed by proxies, never the client's to send
	classSingleton        // one line at most
	classCookie           // may repeat, must not be removed by Connection
	classHost             // judged with the authority
	classConnection       // parsed, then removed
	classHop              // hop-by-hop, removed (RFC 9110 section 7.6.1)
	classUpgrade          // hop-by-hop, judged with the route
)

// managed headers are deleted before anyone reads the request.
func (c class) managed() bool { return c == classIdentity || c == classManaged }

// protected headers can be neither named in Connection nor sent as trailers.
func (c class) protected() bool {
	return c.managed() || c == classSingleton || c == classCookie || c == classHost
}

func builtinClasses() map[string]class {
	return map[string]class{
		"x-user-id":     classIdentity,
		"x-user-roles":  classIdentity,
		"x-tenant-id":   classIdentity,
		"x-request-id":  classIdentity,
		"x-auth-claims": classIdentity,

		"forwarded":         classManaged,
		"x-forwarded":       classManaged,
		"x-real-ip":         classManaged,
		"x-method-override": classManaged,

		"authorization":  classSingleton,
		"x-api-key":      classSingleton,
		"dpop":           classSingleton,
		"content-length": classSingleton,
		"content-type":   classSingleton,
		"origin":         classSingleton,
		"cookie":         classCookie,
		"host":           classHost,

		"sec-websocket-key":             classSingleton,
		"sec-websocket-version":         classSingleton,
		"access-control-request-method": classSingleton,

		"connection":          classConnection,
		"upgrade":             classUpgrade,
		"proxy-connection":    classHop,
		"keep-alive":          classHop,
		"te":                  classHop,
		"trailer":             classHop,
		"transfer-encoding":   classHop,
		"proxy-authenticate":  classHop,
		"proxy-authorization": classHop,
	}
}

const forwardedPrefix = "x-forwarded-"

// managedPrefix are the families of managed headers: what proxies say about
// the client, the original request line, the method, and client certificates.
func managedPrefix(fold []byte) bool {
	if len(fold) == 0 || fold[0] != 'x' && fold[0] != 'c' {
		return false // the common case
	}
	for _, p := range [...]string{
		forwardedPrefix, "x-original-", "x-rewrite-", "x-http-method",
		"x-envoy-", "client-cert", "x-ssl-",
	} {
		if len(fold) >= len(p) && string(fold[:len(p)]) == p {
			return true
		}
	}
	return false
}

// foldBytes gives the folded form of each byte of a token (RFC 9110 section
// 5.6.2) and 0 for every other byte. It is never written after start.
var foldBytes = func() (t [256]byte) {
	for b := range t {
		if isAlphaNum(byte(b)) {
			t[b] = byte(b)
		}
	}
	for _, b := range []byte("!#$%&'*+-^`|~") {
		t[b] = b
	}
	for b := 'A'; b <= 'Z'; b++ {
		t[b] = byte(b) + 'a' - 'A'
	}
	t['_'], t['.'] = '-', '-'
	return t
}()

// Fold gives the form in which header names are compared: ASCII letters in
// lower case, `_` and `.` as `-`. Servers that turn headers into variables
// make no difference between names of the same fold.
func Fold(name string) string {
	out := []byte(name)
	for i, b := range out {
		if f := foldBytes[b]; f != 0 {
			out[i] = f
		}
	}
	return string(out)
}

// Managed tells whether gwctl owns a header name, by fold: it is removed from
// every request, and only gwctl may set it towards the upstream.
func (r *Reader) Managed(name string) bool {
	c, _, _ := r.classify(name)
	return c.managed()
}

// classify folds a name and looks it up. aliased names contain `_` or `.`; ok
// is false when the name is no token.
func (r *Reader) classify(name string) (c class, aliased, ok bool) {
	var buf [maxNameBytes]byte
	n := 0
	ok = name != ""
	for i := 0; i < len(name); i++ {
		b := name[i]
		f := foldBytes[b]
		if f == 0 {
			ok = false
		}
		if f != b && f == '-' {
			aliased = true
		}
		if n < len(buf) {
			buf[n] = f
			n++
		}
	}
	if len(name) <= len(buf) {
		if c := r.classes[string(buf[:n])]; c != classPlain {
			return c, aliased, ok
		}
	}
	if managedPrefix(buf[:n]) {
		return classManaged, aliased, ok
	}
	return classPlain, aliased, ok
}

func (r *Reader) addIdentity(names []string) error {
	for _, name := range names {
		c, _, ok := r.classify(name)
		var err error
		switch {
		case !ok || len(name) > maxNameBytes:
			err = errors.New("not a header name of at most 64 bytes")
		case c != classPlain && !c.managed():
			err = errors.New("the request itself needs this header")
		}
		if err != nil {
			return fmt.Errorf("identity header %q: %w", cut(name), err)
		}
		r.classes[Fold(name)] = classIdentity
	}
	return nil
}

func (r *Reader) addAllowed(names []string) error {
	r.allowed = make(map[string]struct{}, len(names))
	for _, name := range names {
		c, aliased, ok := r.classify(name)
		var err error
		switch {
		case !ok:
			err = errors.New("not a header name")
		case !aliased:
			err = errors.New("has no _ or . and needs no permission")
		case c != classPlain:
			err = fmt.Errorf("folds to %s, which only one spelling may have", Fold(name))
		}
		if err != nil {
			return fmt.Errorf("allowed header %q: %w", cut(name), err)
		}
		r.allowed[http.CanonicalHeaderKey(name)] = struct{}{}
	}
	return nil
}
