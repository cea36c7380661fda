package proxy

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// ownHeaders are those of gwctl's answers that a page may read: what to do next
// and what to ask the operator about.
var ownHeaders = []string{"WWW-Authenticate", "DPoP-Nonce", "Retry-After", "X-Request-ID"}

// cors is what an answer says to pages of other origins (the Fetch standard,
// section 3.3). The zero value says nothing and leaves an upstream's headers
// alone.
type cors struct {
	rules  *policy.CORS // of the route
	origin string       // of the page, "" unless the route names it
}

func newCORS(rules *policy.CORS, c *canonical.Request) cors {
	out := cors{rules: rules}
	origin := c.Header["Origin"]
	if rules != nil && len(origin) == 1 && slices.ContainsFunc(rules.Origins, func(o policy.Text) bool { return o.Value() == origin[0] }) {
		out.origin = origin[0]
	}
	return out
}

// allow puts the headers of an actual answer in place of those that are there.
func (s cors) allow(h http.Header, expose ...string) {
	if s.rules == nil {
		return
	}
	maps.DeleteFunc(h, func(name string, _ []string) bool { return strings.HasPrefix(name, "Access-Control-") })
	addVary(h, "Origin")
	if s.origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", s.origin)
	if s.rules.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	for _, name := range s.rules.Expose {
		if !slices.ContainsFunc(expose, func(e string) bool { return strings.EqualFold(e, name.Value()) }) {
			expose = append(expose, name.Value())
		}
	}
	if len(expose) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(expose, ", "))
	}
}

// addVary leaves the lines of an upstream as they are.
func addVary(h http.Header, name string) {
	for _, line := range h["Vary"] {
		for v := range strings.SplitSeq(line, ",") {
			if v = strings.Trim(v, " \t"); v == "*" || strings.EqualFold(v, name) {
				return
			}
		}
	}
	h.Add("Vary", name)
}

// preflight answers what a browser asks before it sends a request of a page. It
// tells false for everything else: a request without Origin or
// Access-Control-Request-Method, and one to a route without a cors block, is
// authenticated and decided as any other.
func (d *Door) preflight(w http.ResponseWriter, r *http.Request, turn pdp.Turn, c *canonical.Request) bool {
	asked := c.Header["Access-Control-Request-Method"]
	if c.Method != http.MethodOptions || len(asked) != 1 || len(c.Header["Origin"]) == 0 {
		return false
	}
	rules := turn.CORS(asked[0], c)
	if rules == nil {
		return false
	}
	s := newCORS(rules, c)
	if s.origin == "" {
		d.answer(w, r, s, d.o.Point.RefuseOrigin(c, Name).Answer)
		return true
	}
	if out, ok := d.o.Point.Answered(c, Name, pdp.AnsweredPreflight, http.StatusNoContent); !ok {
		d.answer(w, r, s, out.Answer)
		return true
	}
	h := w.Header()
	s.allow(h)
	h.Del("Access-Control-Expose-Headers") // means nothing here
	h.Set("Access-Control-Allow-Methods", asked[0])
	if len(rules.Headers) > 0 {
		var names []string
		for _, name := range rules.Headers {
			names = append(names, name.Value())
		}
		h.Set("Access-Control-Allow-Headers", strings.Join(names, ", "))
	}
	h.Set("Access-Control-Max-Age", strconv.FormatInt(rules.MaxAge, 10))
	addVary(h, "Access-Control-Request-Method")
	addVary(h, "Access-Control-Request-Headers")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Request-ID", c.ID)
	d.own(w, r)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// metadata answers who asks about a protected resource, which everybody may, and
// pages too (RFC 9728 section 3).
func (d *Door) metadata(w http.ResponseWriter, r *http.Request, turn pdp.Turn, c *canonical.Request) bool {
	document := turn.Metadata(c)
	if document == nil {
		return false
	}
	if out, ok := d.o.Point.Answered(c, Name, pdp.AnsweredMetadata, http.StatusOK); !ok {
		d.answer(w, r, cors{}, out.Answer)
		return true
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(document)))
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-ID", c.ID)
	d.own(w, r)
	w.WriteHeader(http.StatusOK)
	if c.Method == http.MethodGet {
		if _, err := w.Write(document); err != nil {
			d.o.Logger.Debug("the client did not take the answer", "error", err)
		}
	}
	return true
}
