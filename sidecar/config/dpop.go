package config

import (
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/policy/document"
)

// DPoP is what a method asks of tokens that are bound to a key (RFC 9449). A
// bound token is held to its proof without it, too.
type DPoP struct {
	On         bool // offered to clients
	Required   bool
	Nonce      bool
	NonceKey   Secret // none: a key of the process's own
	MaxAge     time.Duration
	Algorithms []string // of proofs; empty for the default
}

// dpop reads the block of a method.
func (r *reader) dpop(method *document.Object) DPoP {
	d := DPoP{On: method.Has("dpop")}
	o := method.Object("dpop")
	d.Required, d.Nonce = o.Bool("required"), o.Bool("nonce")
	d.NonceKey = r.secret(o, "nonce_key")
	if o.Has("nonce_key") && !d.Nonce {
		r.w.Error(o.Key("nonce_key"), "bad_setting", "add nonce: true, or remove nonce_key", "nonce_key counts with nonces only")
	}
	d.MaxAge = r.duration(o, "max_age", time.Minute, 5*time.Second, 4*time.Minute)
	for _, t := range o.Texts("algorithms") {
		d.Algorithms = append(d.Algorithms, t.Value())
		if !slices.Contains(algorithms(), t.Value()) {
			r.w.Error(t.Span(), "bad_setting", "known: "+strings.Join(algorithms(), ", "), "algorithm %q is not accepted", t.Value())
		}
	}
	o.Done()
	return d
}
