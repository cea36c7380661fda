package config

import (
	"net/textproto"
	"regexp"

	"github.com/gwctl/gwctl/policy/document"
)

// APIKeys is a file of API keys.
type APIKeys struct {
	Method
	File   string
	Header string // canonical, X-Api-Key by default
}

// ownHeader is the form of a header that may carry a key.
var ownHeader = regexp.MustCompile(`^[Xx]-[A-Za-z0-9-]{1,62}$`)

func (r *reader) apiKeys(o *document.Object, m Method) {
	k := APIKeys{Method: m, Header: "X-Api-Key"}
	if !o.Has("type") {
		k.Type = "service"
	}
	file := o.Text("file")
	if file.IsSet() {
		k.File = r.resolve(file.Value())
	}
	k.Name = "api_keys " + file.Value()
	if t := o.Text("header"); t.IsSet() {
		k.Header = textproto.CanonicalMIMEHeaderKey(t.Value())
		if !ownHeader.MatchString(t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "write a name that begins with X-, as in X-API-Key", "header %q cannot carry a key", t.Value())
		}
	}
	o.Require("file")
	o.Done()
	for _, other := range r.cfg.APIKeys {
		if file.IsSet() && other.File == k.File {
			r.w.Error(file.Span(), "duplicate_name", "merge the two", "file %q stands twice", file.Value())
		}
		if other.Header == k.Header && other.File != k.File {
			r.w.Error(o.Span(), "duplicate_name", "put all keys into one file", "two methods read the header %s", k.Header)
		}
	}
	r.ids = append(r.ids, idSpace{Method: k.Method, issuer: k.Name})
	r.cfg.APIKeys = append(r.cfg.APIKeys, k)
}
