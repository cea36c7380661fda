package canonical

import (
	"net/http"
	"strings"
)

// Allowance is a set of what a route may let through that is refused elsewhere.
type Allowance uint8

// The members of an Allowance. Each lifts one rule, for requests that lead to
// the route and to no other however their path is read.
const (
	AllowEncodedSlash  Allowance = 1 << iota // RuleEncodedSlash: `%2F` inside a segment
	AllowEmptySegments                       // RuleEmptySegment: `//` where {x...} stands
	AllowPathParams                          // RulePathParams: `;` where {x...} stands
	AllowWebSocket                           // RuleUpgrade: Upgrade: websocket
)

// String names the rules that the allowance lifts, with commas.
func (a Allowance) String() string {
	var names []string
	for i, rule := range [...]string{RuleEncodedSlash, RuleEmptySegment, RulePathParams, RuleUpgrade} {
		if a&(1<<i) != 0 {
			names = append(names, rule)
		}
	}
	return strings.Join(names, ",")
}

// Route is what is known of the route that a request leads to. The zero Route is
// none.
type Route struct {
	// Place tells paths apart that routes tell apart, whatever their methods; 0
	// where no route leads.
	Place int
	// Fixed is what the placeholders of single segments and of the host stand
	// for.
	Fixed []string
	// Method tells that the path has a route for the method. Without it nothing
	// is allowed.
	Method bool
	Allows Allowance
	// Origins are those that may open a WebSocket beside the request's own.
	Origins []string
}

// waivable is a fault that the route of the request may lift.
type waivable struct {
	by    Allowance
	fault *fault
}

// waive lifts what the route keeps. What it does not keep is refused for the
// first such fault in the path.
func (r *Reader) waive(c *Request, req *http.Request, found []waivable) *fault {
	if r.routes == nil {
		return found[0].fault
	}
	method := c.Method
	route := r.routes(method, c.Host, c.Path, c.Segments)
	if !route.Method {
		// A preflight asks about another request. Where OPTIONS has no route it can
		// do nothing else.
		if asked, ok := preflight(req); ok {
			method, route = asked, r.routes(asked, c.Host, c.Path, c.Segments)
		}
	}
	for _, w := range found {
		if !route.Method || route.Allows&w.by == 0 {
			return w.fault
		}
		c.Lifted |= w.by
	}
	return r.checkReadings(c, method, route, found[0].fault.rule)
}

// preflight gives the method that a CORS preflight asks about (Fetch standard,
// section 4.9).
func preflight(req *http.Request) (method string, ok bool) {
	if req.Method != http.MethodOptions || len(req.Header["Origin"]) == 0 {
		return "", false
	}
	return single(req.Header, "Access-Control-Request-Method")
}
