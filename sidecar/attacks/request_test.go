package attacks_test

import (
	"strings"
)

// request is what a client asks for, before a door puts it on its wire. The
// zero value of each field takes what the comment says.
type request struct {
	method  string // GET
	target  string
	version string // HTTP/1.1
	host    string // app.test; "-" for none
	headers []string
	raw     string // these bytes instead; only the proxy has a wire for them
}

func get(target string, headers ...string) request {
	return request{target: target, headers: headers}
}

func (r request) by(method string) request { r.method = method; return r }

func (r request) at(host string) request { r.host = host; return r }

// wire writes the request as HTTP/1.1.
func (r request) wire() string {
	if r.raw != "" {
		return r.raw
	}
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	lines := []string{or(r.method, "GET") + " " + r.target + " " + or(r.version, "HTTP/1.1")}
	if r.host != "-" {
		lines = append(lines, "Host: "+or(r.host, "app.test"))
	}
	lines = append(lines, r.headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// raw is a request of exactly these lines; the last one is what follows the
// empty line.
func raw(lines ...string) request {
	return request{raw: strings.Join(lines, "\r\n")}
}
