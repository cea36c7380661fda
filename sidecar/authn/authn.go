// Package authn finds out who sent a request.
//
// Start with [NewKeySet] for each issuer and call [KeySet.Start] once; a key
// set outlives configuration reloads. [NewJWT] makes a method that verifies
// bearer tokens with it, and [NewChain] joins the methods of a configuration.
// [Chain.Authenticate] then has three ways to fail, and callers must keep them
// apart: [ErrNotMine] (nothing was presented), [Refused] (something was
// presented and is bad) and [Broken] (it cannot be judged now).
//
// The package trusts nothing a token says before its signature is verified,
// with one exception: the issuer, which only chooses the method. It refuses
// every serialization but the compact one, never follows a key reference from a
// token header, never tries a key that the token does not name, and never
// repairs input. No error, log line or status of it holds a token or a claim
// value.
package authn

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
)

// Credentials is what a method may look at. The door fills it from the
// canonical request. It prints as a fixed text, so that it cannot leak into a
// log.
type Credentials struct {
	// Authorization is the value of the one Authorization header, unchanged.
	Authorization string
	// HasAuthorization tells an empty header from none.
	HasAuthorization bool
	// Header is the header of the canonical request, for credentials with a
	// header of their own. Methods only read it.
	Header http.Header
	// Method, Scheme, Host and Path are those of the canonical request. A DPoP proof
	// is for one request, and has to name them.
	Method, Scheme, Host, Path string
	// Certificate is that of the client, verified by whoever fills this in; nil
	// without one.
	Certificate *x509.Certificate
	// Standing tells that the request was authenticated when it came and is asked
	// about again because its answer lasts, as that of a WebSocket does. Its proof
	// then need not be new.
	Standing bool
	// ClientIP is the address of the client after trusted proxies. It limits
	// the key fetches one client can cause. The zero value is one shared client.
	ClientIP netip.Addr
	// Certificates are those that the client has shown, its own first; none
	// without TLS or without one. Methods verify them.
	Certificates []*x509.Certificate
	// Forwarded tells that they were shown to a trusted proxy.
	Forwarded bool

	once *once // of this request; nil where only one method is asked
}

// once is what counts for one request, however many methods look at it.
type once struct{ proved bool }

const redactedCredentials = "credentials(redacted)"

// Format prints a fixed text under every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedCredentials) }

// LogValue logs a fixed text.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redactedCredentials) }

// Values of [Identity.Source].
const (
	SourceAuthorization = "authorization" // the Authorization header
	SourceHeader        = "header"        // a header of the method's own
	SourceCertificate   = "certificate"   // the client's certificate
)

// The kinds of credentials: values of [Identity.Method], of user.method in
// rules, and of the method label in metrics.
const (
	KindJWT           = "jwt"
	KindIntrospection = "introspection"
	KindAPIKey        = "api_key"
	KindMTLS          = "mtls"
)

// The two values of [Identity.Type].
const (
	TypeHuman   = "human"
	TypeService = "service"
)

// Identity is a verified user. It is shared between requests and never
// changes, except for what [Memo] keeps.
type Identity struct {
	// Method is one of the Kind constants.
	Method string
	// Name is the name of the configured method; it pairs the identity with
	// its claim mapping.
	Name string
	// Source is one of the Source constants.
	Source string
	// Issuer is the configured issuer.
	Issuer string
	// Type is [TypeHuman] or [TypeService], from configuration and never from
	// a claim.
	Type string
	// Claims is the verified payload: one JSON object, UTF-8, without
	// duplicate members, at most 16 levels deep.
	Claims []byte
	// Expires is the exp claim, without leeway.
	Expires time.Time
	// KeyID is the kid of the key that verified the token, "" for a key
	// without one.
	KeyID string
	// TokenFingerprint is "sha256:" and the first 12 hex digits of the hash of
	// the token. It names a token in logs; it must not key a cache.
	TokenFingerprint string
	// CertificateSHA256 is the fingerprint of the user's certificate in
	// hexadecimal, "" for other credentials.
	CertificateSHA256 string
	// JTIFingerprint is TokenFingerprint of the jti claim, "" without one.
	JTIFingerprint string
	// Memo keeps what a decision point made of the identity.
	Memo Memo
	// IgnoredHeaders lists the header parameters jku, x5u, jwk and x5c that
	// the token carried and that were not used. Audit shows them.
	IgnoredHeaders []string

	old    bool    // rests on an answer that counts no more
	keys   *KeySet // that verified the token; nil for other credentials
	parsed atomic.Pointer[parsedClaims]
}

// KeysStale tells whether the keys that the identity rests on are older now than
// their document allows, because the issuer does not answer.
func (id *Identity) KeysStale() bool { return id.keys != nil && id.keys.stale() }

// Method verifies one kind of credential.
//
// An implementation must return an identity, or [ErrNotMine] when the request
// does not hold its credential, or a [*Refused] or [*Broken]. Any other error
// counts as broken. It must be safe for concurrent use.
type Method interface {
	// Name is the name from the configuration.
	Name() string
	// Kind is one of the Kind constants. The chain puts name and kind into what
	// the method refuses.
	Kind() string
	// Authenticate verifies the credential of this method, if there is one.
	Authenticate(ctx context.Context, c Credentials) (*Identity, error)
}

func fingerprint(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return "sha256:" + hex.EncodeToString(sum[:6])
}

// Fingerprint gives "sha256:" and the first 12 hex digits of the hash of an
// identifier, as records name it; "" for "". It is no secret: who knows the
// identifier can find it.
func Fingerprint(id string) string {
	if id == "" {
		return ""
	}
	return fingerprint(id)
}

const maxLoggedKeyID = 64

// printable makes a key id of outside origin safe for a log line: ASCII without
// control characters, at most 64 bytes.
func printable(kid string) string {
	quoted := strconv.QuoteToASCII(kid[:min(len(kid), maxLoggedKeyID)])
	quoted = quoted[1 : len(quoted)-1]
	return quoted[:min(len(quoted), maxLoggedKeyID)]
}
