package policy

import (
	"regexp"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// RequestSpec is an HTTP request as a suite or a command line writes it.
type RequestSpec struct {
	Method, Host, Path, Query string
	Headers                   []Label
	Body                      Value
	At                        Place
}

// DefaultHost is the host of a request that names none.
const DefaultHost = "localhost"

func readRequest(w *reader, n *document.Node) *RequestSpec {
	if n.IsScalar() {
		t := w.Text(n, "request")
		if !t.IsSet() {
			return nil
		}
		r, wrong := ParseRequest(t.Value())
		if wrong != "" {
			w.Error(n.Span(), "bad_request", "write it as GET /path or GET host/path?query", "%s", wrong)
			return nil
		}
		r.At = n.Place()
		return r
	}
	o := w.Object(n, "request")
	r := &RequestSpec{Method: o.Text("method").Value(), Host: o.Text("host").Value(), Path: o.Text("path").Value(), Query: o.Text("query").Value(), At: n.Place()}
	if r.Host == "" {
		r.Host = DefaultHost
	}
	for _, e := range o.Object("headers").Entries() {
		r.Headers = append(r.Headers, Label{Key: e.Key, Value: w.Text(e.Value, "header "+e.Key.Value())})
	}
	if bn := o.Node("body"); bn != nil {
		r.Body = w.Value(bn, "body")
	}
	o.Require("method", "path")
	o.Done()
	if wrong := r.fault(); wrong != "" && r.Method != "" && r.Path != "" {
		w.Error(n.Span(), "bad_request", "write it as {method: GET, path: /path, query: x=1}", "%s", wrong)
		return nil
	}
	return r
}

// ParseRequest reads METHOD [HOST]/PATH[?QUERY]. The second result says what
// is wrong; it is empty when nothing is. A request may still be one that the
// sidecar refuses: suites ask about those, too.
func ParseRequest(s string) (*RequestSpec, string) {
	method, target, ok := strings.Cut(s, " ")
	target = strings.TrimLeft(target, " ")
	slash := strings.IndexByte(target, '/')
	switch {
	case !ok || target == "":
		return nil, "the request has no method or no path"
	case slash < 0:
		return nil, "the path must begin with /"
	}
	r := &RequestSpec{Method: method, Host: target[:slash]}
	r.Path, r.Query, _ = strings.Cut(target[slash:], "?")
	if r.Host == "" {
		r.Host = DefaultHost
	}
	if wrong := r.fault(); wrong != "" {
		return nil, wrong
	}
	return r, ""
}

var requestHost = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// fault says why there cannot be such a request.
func (r *RequestSpec) fault() string {
	switch {
	case !validMethod(r.Method):
		return "the method must be an upper-case word such as GET"
	case !strings.HasPrefix(r.Path, "/"):
		return "the path must begin with /"
	case strings.ContainsFunc(r.Path+r.Query, func(c rune) bool { return c <= ' ' || c == '#' || c == 0x7f }):
		return "a request target holds neither blanks nor #"
	case strings.Contains(r.Path, "?"):
		return "the path holds no query: write that under query"
	case !requestHost.MatchString(r.Host):
		return "the host must be a name or an address, without a scheme"
	}
	return ""
}

func validMethod(m string) bool {
	if m == "" || len(m) > 20 || m == "CONNECT" || m == "TRACE" {
		return false
	}
	return strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
