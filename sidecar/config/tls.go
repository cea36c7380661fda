package config

import (
	"crypto/tls"
	"fmt"

	"github.com/gwctl/gwctl/policy/document"
)

// TLS is what a listener shows to its clients, and asks of them.
type TLS struct {
	Cert       File   // certificate chain in PEM, the listener's own first
	Key        File   // private key of it in PEM
	ClientCA   File   // CAs in PEM; with them every client needs a certificate
	MinVersion uint16 // tls.VersionTLS12, the default, or tls.VersionTLS13
}

// On tells whether the listener speaks TLS.
func (t TLS) On() bool { return t.Cert.IsSet() }

// HTTP2 bounds the HTTP/2 connections of a listener with TLS.
type HTTP2 struct {
	MaxStreams int // requests at a time on one connection; default 100, 1 to 1000
}

// text has the paths but not where they stand.
func (t TLS) text() string {
	return fmt.Sprintf("%q %q %q %d", t.Cert.Path, t.Key.Path, t.ClientCA.Path, t.MinVersion)
}

func (r *reader) tls(proxy *document.Object) {
	if proxy.Has("http2") && !proxy.Has("tls") {
		r.w.Error(proxy.Key("http2"), "bad_setting", "add tls, or remove http2", "HTTP/2 is spoken over TLS only")
	}
	http2 := proxy.Object("http2")
	r.cfg.Proxy.HTTP2.MaxStreams = r.number(http2, "max_streams", 100, 1, 1000)
	http2.Done()
	o := proxy.Object("tls")
	t := TLS{Cert: r.file(o, "cert"), Key: r.file(o, "key"), ClientCA: r.file(o, "client_ca"), MinVersion: tls.VersionTLS12}
	if v := o.Text("min_version"); v.IsSet() {
		switch v.Value() {
		case "1.2":
		case "1.3":
			t.MinVersion = tls.VersionTLS13
		default:
			r.w.Error(v.Span(), "bad_setting", `write "1.2" or "1.3"`, "min_version %q is not served", v.Value())
		}
	}
	if proxy.Has("tls") {
		o.Require("cert", "key")
	}
	o.Done()
	r.cfg.Proxy.TLS = t
}

// number reads a whole number within a range.
func (r *reader) number(o *document.Object, key string, def, least, most int) int {
	if !o.Has(key) {
		return def
	}
	n, ok := o.Int(key)
	if ok && (n < int64(least) || n > int64(most)) {
		r.w.Error(o.Node(key).Span(), "bad_setting", "", "%s: write a number between %d and %d", key, least, most)
		ok = false
	}
	if !ok {
		return def
	}
	return int(n)
}
