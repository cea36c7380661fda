package config

import (
	"slices"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// File is a file that the configuration names. It is followed: a change of its
// bytes is a reload.
type File struct {
	Path string // "" for none
	At   policy.Span
}

// IsSet tells whether a file is named.
func (f File) IsSet() bool { return f.Path != "" }

func (r *reader) file(o *document.Object, key string) File {
	t := o.Text(key)
	if !t.IsSet() {
		return File{}
	}
	return File{Path: r.resolve(t.Value()), At: t.Span()}
}

// Files are the paths of all files that the configuration names beside the
// policies, each once, in order.
func (c *Config) Files() []string {
	files := []File{c.Proxy.TLS.Cert, c.Proxy.TLS.Key, c.Proxy.TLS.ClientCA, c.Assertion.Key}
	files = append(files, c.Assertion.Publish...)
	for _, u := range c.Proxy.Upstreams {
		files = append(files, u.TLS.CA, u.TLS.Cert, u.TLS.Key)
	}
	for _, m := range c.MTLS {
		files = append(files, m.ClientCA)
	}
	for _, i := range c.Introspection {
		files = append(files, File{Path: i.ClientSecret.File}, File{Path: i.PrivateKey.File}, File{Path: i.DPoP.NonceKey.File})
	}
	for _, j := range c.JWT {
		files = append(files, File{Path: j.DPoP.NonceKey.File})
	}
	var out []string
	for _, f := range files {
		if f.IsSet() {
			out = append(out, f.Path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
