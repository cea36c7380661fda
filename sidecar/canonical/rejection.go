package canonical

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
)

// Reason codes of a Rejection.
const (
	CodeNotCanonical     = "request_not_canonical" // 400: two readers could understand the request differently, or it breaks a limit
	CodeHopByHopAbuse    = "hop_by_hop_abuse"      // 400: Connection names a header that is not the sender's to remove
	CodeMisdirected      = "misdirected_request"   // 421: not for this connection; its door says why
	CodeMethodNotAllowed = "method_not_allowed"    // 405: CONNECT, TRACE, or a method that is not configured
	CodeOriginNotAllowed = "origin_not_allowed"    // 403: the page that asks is not one of the route's origins
)

// Rules a Rejection can name. All of them have [CodeNotCanonical] except
// [RuleMethod], [RuleConnectionAbuse] and [RuleOrigin].
const (
	RuleMethod = "method" // not a configured method

	RuleTargetForm       = "target_form"       // neither origin-form nor `*` of OPTIONS
	RuleAbsoluteForm     = "absolute_form"     // scheme and authority in the target
	RuleTargetLength     = "target_length"     // longer than MaxTargetBytes
	RuleTargetByte       = "target_byte"       // raw byte outside 0x21–0x7e
	RuleFragment         = "fragment"          // raw `#`
	RuleBackslash        = "backslash"         // raw `\`
	RulePathByte         = "path_byte"         // raw byte that is neither `/` nor a pchar of RFC 3986
	RulePathParams       = "path_params"       // `;` or `%3B` in the path
	RulePercentEncoding  = "percent_encoding"  // `%` without two hex digits in the path
	RuleEncodedSlash     = "encoded_slash"     // `%2F`
	RuleEncodedBackslash = "encoded_backslash" // `%5C`
	RuleEncodedControl   = "encoded_control"   // a control character, encoded, in the path
	RulePathText         = "path_text"         // the decoded path is not UTF-8
	RuleDotSegment       = "dot_segment"       // a segment that decodes to `.` or `..`
	RuleEmptySegment     = "empty_segment"     // `//`

	RuleQuerySemicolon = "query_semicolon" // raw `;` in the query
	RuleQueryEncoding  = "query_encoding"  // `%` without two hex digits in the query
	RuleQueryParams    = "query_params"    // more than MaxQueryParams parameters
	RuleQueryText      = "query_text"      // a decoded name or value is not UTF-8 or has control characters

	RuleHost         = "host"          // missing, or not one name or address with an optional port
	RuleHostMismatch = "host_mismatch" // a Host header beside a different authority (HTTP/2)
	RuleScheme       = "scheme"        // another proxy says neither http nor https

	RuleHeaderName      = "header_name"      // not a token, or not in canonical MIME form
	RuleHeaderValue     = "header_value"     // not UTF-8, or a control character other than HTAB
	RuleHeaderLimit     = "header_limit"     // MaxHeaders, MaxHeaderBytes or MaxHeaderTotalBytes
	RuleHeaderAlias     = "header_alias"     // two headers that only differ in `-`, `_`, `.` or case
	RuleCookieLimit     = "cookie_limit"     // more than MaxCookies cookies
	RuleRepeatedHeader  = "repeated_header"  // a header that must stand alone is sent twice
	RuleConnection      = "connection"       // Connection is no list of at most MaxConnectionOptions tokens
	RuleConnectionAbuse = "connection_abuse" // Connection names a protected header
	RuleUpgrade         = "upgrade"          // Upgrade is sent where no protocol change is allowed, or not as a WebSocket's
	RuleTrailer         = "trailer"          // a protected header is announced as a trailer

	RuleCertificate        = "client_certificate_header" // what a trusted proxy says of a certificate is malformed, or said twice
	RuleCertificateMissing = "certificate_not_delivered" // it speaks of a certificate without delivering it

	RuleWebSocketVersion = "websocket_version" // a version other than 13
	RuleWebSocketKey     = "websocket_key"     // no 16 bytes in base64
	RuleOrigin           = "origin"            // a page that may not open a WebSocket on the route
)

// Limits of a request.
const (
	MaxTargetBytes       = 8 << 10  // raw request target
	MaxQueryParams       = 256      // `&`-separated pieces, empty ones included
	MaxHeaders           = 100      // header lines
	MaxHeaderBytes       = 8 << 10  // name and value of one line
	MaxHeaderTotalBytes  = 32 << 10 // names and values of all lines
	MaxCookies           = 100      // `;`-separated pieces of all Cookie lines
	MaxConnectionOptions = 16       // names in all Connection lines
)

// Rejection says why a request was refused, and carries what its record needs.
type Rejection struct {
	Code   string // one of the Code constants; fit for clients
	Status int    // HTTP status: 400, 403 or 405
	Rule   string // one of the Rule constants; for log, record and metric
	Err    error  // for the log only; may name a header, never holds a value

	ID           string       // request id, as in Request
	Method       string       // "" unless it is a configured method
	ClientIP     netip.Addr   // as in Request
	Peer         netip.Addr   // as in Request
	Trusted      bool         // as in Request
	Hops         []netip.Addr // as in Request
	TargetSHA256 string       // as in Request
}

// Refuse gives the refusal of a request that is canonical, and still not to be
// answered by rules.
func (r *Request) Refuse(code, rule string, status int) *Rejection {
	return &Rejection{
		Code: code, Status: status, Rule: rule,
		ID: r.ID, Method: r.Method, ClientIP: r.ClientIP, Peer: r.Peer, Trusted: r.Trusted, Hops: r.Hops, TargetSHA256: r.TargetSHA256,
	}
}

// fault is a broken rule, before it is tied to a request.
type fault struct {
	code string
	rule string
	err  error
}

func notCanonical(rule, text string) *fault {
	return &fault{code: CodeNotCanonical, rule: rule, err: errors.New(text)}
}

// badHeader is a fault of one header. Names come from the client, so they are
// quoted and cut.
func badHeader(rule, name, text string) *fault {
	return &fault{code: CodeNotCanonical, rule: rule, err: fmt.Errorf("header %q %s", cut(name), text)}
}

func (f *fault) status() int {
	switch f.code {
	case CodeMethodNotAllowed:
		return http.StatusMethodNotAllowed
	case CodeOriginNotAllowed:
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// cut bounds a name that goes into a log or record.
func cut(name string) string {
	if len(name) > maxNameBytes {
		return name[:maxNameBytes]
	}
	return name
}
