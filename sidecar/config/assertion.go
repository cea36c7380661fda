package config

import (
	"slices"
	"time"

	"github.com/gwctl/gwctl/policy/document"
)

// Assertion is the signed statement about the user that upstreams with an
// audience get.
type Assertion struct {
	Key      File   // private P-256 key in PEM, which signs; none: no assertion
	Publish  []File // further keys of the published key set: the one before, or the next
	Header   string // canonical MIME form; default X-Gwctl-Assertion
	Issuer   string
	Lifetime time.Duration // default 60s, 10s to 5m
}

const mostPublished = 4

func (r *reader) assertion(spec *document.Object) {
	o := spec.Object("assertion")
	a := Assertion{Header: "X-Gwctl-Assertion"}
	key := o.Object("key")
	a.Key = r.file(key, "file")
	if o.Has("key") {
		key.Require("file")
	}
	key.Done()
	publish := o.List("publish")
	if len(publish) > mostPublished {
		r.w.Error(o.Key("publish"), "bad_setting", "", "at most %d further keys are published", mostPublished)
	}
	for _, n := range publish {
		k := r.w.Object(n, "a key")
		if f := r.file(k, "file"); f.IsSet() {
			a.Publish = append(a.Publish, f)
		}
		k.Require("file")
		k.Done()
	}
	if t := o.Text("header"); t.IsSet() {
		a.Header = r.header(t)
		if slices.Contains(r.cfg.Propagate.Headers.Names(), a.Header) {
			r.w.Error(t.Span(), "bad_setting", "give it its own name", "the header %s stands for two things", a.Header)
		}
	}
	a.Issuer = o.Text("issuer").Value()
	a.Lifetime = r.duration(o, "lifetime", time.Minute, 10*time.Second, 5*time.Minute)
	if spec.Has("assertion") {
		o.Require("key", "issuer")
	}
	o.Done()
	r.cfg.Assertion = a
}

// audience reads whom the assertion for an upstream is for.
func (r *reader) audience(u *document.Object) string {
	t := u.Text("audience")
	if t.IsSet() && !r.cfg.Assertion.Key.IsSet() {
		r.w.Error(t.Span(), "bad_setting", "add assertion: {key: {file: …}, issuer: …} to spec, or remove audience", "there is no assertion that could have an audience")
	}
	return t.Value()
}

// SetHeaders are the headers that gwctl itself sets towards services, in
// canonical MIME form.
func (c *Config) SetHeaders() []string {
	names := c.Propagate.Headers.Names()
	if c.Assertion.Header != "" {
		names = append(names, c.Assertion.Header)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}
