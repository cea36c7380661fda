package attacks_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// readings are how services make a path out of the target they are asked for.
// None of them is gwctl's own.
var readings = map[string]func(target string) (string, bool){
	"net/url": func(target string) (string, bool) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return "", false
		}
		return u.Path, true
	},
	"decode, then clean": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		return path.Clean("/" + p), err == nil
	},
	"clean, then decode": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(path.Clean("/" + raw))
		return p, err == nil
	},
	"without parameters": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		var kept []string
		for segment := range strings.SplitSeq(raw, "/") {
			segment, _, _ = strings.Cut(segment, ";")
			kept = append(kept, segment)
		}
		p, err := url.PathUnescape(strings.Join(kept, "/"))
		return path.Clean("/" + p), err == nil
	},
	"decoded parameters": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		p, _, _ = strings.Cut(p, ";")
		return path.Clean("/" + p), err == nil
	},
	"backslash is slash": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		return path.Clean("/" + strings.ReplaceAll(p, `\`, "/")), err == nil
	},
	"text in C": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		p, _, _ = strings.Cut(p, "\x00")
		return path.Clean("/" + p), err == nil
	},
	"fragment cut": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "#")
		raw, _, _ = strings.Cut(raw, "?")
		p, err := url.PathUnescape(raw)
		return path.Clean("/" + p), err == nil
	},
	"authority": func(target string) (string, bool) {
		u, err := url.Parse(target) // `//host/path` has a host here
		if err != nil {
			return "", false
		}
		return u.Path, true
	},
	"overlong dots": func(target string) (string, bool) {
		raw, _, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(raw)
		p = strings.NewReplacer("\xc0\xae", ".", "\xc0\xaf", "/").Replace(p)
		return path.Clean("/" + p), err == nil
	},
}

// write gives what the proxy sends for an allowed request.
func write(c *canonical.Request, identity http.Header) (string, error) {
	h := c.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	for name, values := range identity {
		h[name] = values
	}
	var wire bytes.Buffer
	if err := (&http.Request{Method: c.Method, URL: c.OutURL(&url.URL{Scheme: "http", Host: "service.test"}), Host: c.Host, Header: h}).Write(&wire); err != nil {
		return "", fmt.Errorf("%q is allowed and cannot be sent: %w", c.Path, err)
	}
	return wire.String(), nil
}

// checkLine holds the request line to the decision. What every service reads in
// the same way must be read as decided. What a route keeps is read in several
// ways: none of them may lead to another route, or fill a placeholder of one
// segment in another way.
func (d *decider) checkLine(c *canonical.Request, line string) error {
	target := c.Path
	if c.RawQuery != "" {
		target += "?" + c.RawQuery
	}
	if line != c.Method+" "+target+" HTTP/1.1" {
		return fmt.Errorf("decided %q, sent %q", target, line)
	}
	want := "/" + strings.Join(c.Segments, "/")
	at := d.set.Place(c.Method, c.Host, c.Path, c.Segments)
	for name, read := range readings {
		got, ok := read(target)
		if c.Lifted == 0 {
			if !ok || strings.TrimSuffix(got, "/") != strings.TrimSuffix(want, "/") {
				return fmt.Errorf("decided %q, a service that reads by %q is asked for %q (%t)", want, name, got, ok)
			}
			continue
		}
		// A path that no reader takes opens nothing.
		if !ok {
			continue
		}
		segments := strings.FieldsFunc(got, func(r rune) bool { return r == '/' })
		there := d.set.Place(c.Method, c.Host, "/"+strings.Join(segments, "/"), segments)
		if there.ID != 0 && (there.ID != at.ID || !slices.Equal(there.Fixed, at.Fixed)) {
			return fmt.Errorf("decided %q with %q kept, a service that reads by %q is asked for %q, another route or placeholder", target, c.Lifted, name, got)
		}
	}
	return nil
}

// checkHead reads the head once more, by the letter and as leniently as
// anybody does.
func checkHead(head string, identity http.Header) error {
	if strings.Count(head, "\n") != strings.Count(head, "\r\n") || strings.Count(head, "\r") != strings.Count(head, "\r\n") || strings.Contains(head, "\x00") {
		return fmt.Errorf("sent %q", head)
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ": ")
		fold := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(strings.TrimSpace(name)))
		if !ok || strings.Trim(name, " \t") != name {
			return fmt.Errorf("sent the line %q", line)
		}
		switch {
		case known(fold):
			if seen[fold] || len(identity[name]) != 1 || identity[name][0] != value {
				return fmt.Errorf("the identity header %q is sent, the identity is %v", line, identity)
			}
			seen[fold] = true
		case strings.HasPrefix(fold, "x-forwarded"), fold == "forwarded", fold == "connection", fold == "transfer-encoding", fold == "upgrade", fold == "x-http-method-override":
			return fmt.Errorf("the line %q is sent", line)
		}
	}
	return nil
}

// known tells whether a folded name is one of the identity headers.
func known(fold string) bool {
	for _, name := range identityHeaders {
		if strings.ToLower(name) == fold {
			return true
		}
	}
	return false
}
