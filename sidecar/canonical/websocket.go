package canonical

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// websocketVersion is the only version there is (RFC 6455 section 4.1).
const websocketVersion = "13"

// readUpgrade judges a request that asks for another protocol. Only an opening
// handshake of a WebSocket (RFC 6455 section 4.2.1) on a route that allows it
// passes. Anything else, `h2c` above all, would be a tunnel past every rule.
func (r *Reader) readUpgrade(c *Request, req *http.Request, options, protocols []string) *fault {
	named := slices.ContainsFunc(options, func(o string) bool { return strings.EqualFold(o, "upgrade") })
	if len(protocols) != 1 || !strings.EqualFold(protocols[0], "websocket") || !named ||
		c.Method != http.MethodGet || req.ProtoMajor != 1 || req.ProtoMinor < 1 || req.ContentLength != 0 {
		return badHeader(RuleUpgrade, "Upgrade", "asks for a protocol change other than a WebSocket's")
	}
	var route Route
	if r.routes != nil {
		route = r.routes(c.Method, c.Host, c.Path, c.Segments)
	}
	if !route.Method || route.Allows&AllowWebSocket == 0 {
		return badHeader(RuleUpgrade, "Upgrade", "asks for a protocol change that the route does not allow")
	}
	if v, ok := single(req.Header, "Sec-Websocket-Version"); !ok || v != websocketVersion {
		return badHeader(RuleWebSocketVersion, "Sec-WebSocket-Version", "is not 13")
	}
	key, ok := single(req.Header, "Sec-Websocket-Key")
	if nonce, err := base64.StdEncoding.Strict().DecodeString(key); !ok || err != nil || len(key) != 24 || len(nonce) != 16 {
		return badHeader(RuleWebSocketKey, "Sec-WebSocket-Key", "is not 16 bytes in base64")
	}
	// Browsers let every page open a WebSocket anywhere, with the user's cookies,
	// and say in Origin which page it is. Others need not send it.
	if origins := req.Header["Origin"]; len(origins) > 0 && (len(origins) > 1 || origins[0] != c.Scheme+"://"+c.Host && !slices.Contains(route.Origins, origins[0])) {
		return &fault{code: CodeOriginNotAllowed, rule: RuleOrigin, err: errors.New("the page's origin may not open a WebSocket on this route")}
	}
	c.WebSocket = true
	return nil
}
