package authn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// fetchError is a failed fetch: a class for counters, and detail that holds
// nothing of a body.
type fetchError struct {
	result string
	err    error
}

func (e *fetchError) Error() string { return e.result + ": " + e.err.Error() }
func (e *fetchError) Unwrap() error { return e.err }

// rediscoverAfter bounds how long a moved jwks_uri goes unnoticed.
const rediscoverAfter = time.Hour

// fetch reads the keys, after discovery if that is due, in the time of one fetch.
func (k *KeySet) fetch(ctx context.Context, jwksURI string) (_ *generation, foundURI string, err error) {
	ctx, cancel := context.WithTimeout(ctx, k.cfg.FetchTimeout)
	defer cancel()
	if jwksURI == "" {
		if jwksURI, err = k.discover(ctx); err != nil {
			return nil, "", fmt.Errorf("discover %s: %w", k.cfg.Issuer, err)
		}
	}
	g, err := k.fetchKeys(ctx, jwksURI)
	if err != nil {
		return nil, jwksURI, fmt.Errorf("fetch keys of %s: %w", k.cfg.Issuer, err)
	}
	return g, jwksURI, nil
}

// discover finds the jwks_uri (OpenID Connect Discovery 1.0 section 4).
func (k *KeySet) discover(ctx context.Context) (string, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, k.client), k.cfg.Issuer)
	if err != nil {
		return "", classify(err)
	}
	// The library reads names case-insensitively and takes the last of two, so
	// the document is read again.
	var raw json.RawMessage
	if err := provider.Claims(&raw); err != nil {
		return "", &fetchError{ResultMalformed, errors.New("no discovery document")}
	}
	return k.parseDiscovery(raw)
}

// parseDiscovery gives the jwks_uri of a document, if it is the issuer's and
// keys may be fetched from there.
func (k *KeySet) parseDiscovery(raw []byte) (string, error) {
	doc, err := parseObject(raw)
	if err != nil {
		return "", &fetchError{ResultMalformed, err}
	}
	if issuer, _, err := doc.text("issuer"); err != nil || issuer != k.cfg.Issuer {
		return "", &fetchError{ResultIssuer, errors.New("issuer is not the configured one")}
	}
	uri, _, err := doc.text("jwks_uri")
	if err != nil || uri == "" {
		return "", &fetchError{ResultMalformed, errors.New("no jwks_uri")}
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", &fetchError{ResultMalformed, errors.New("jwks_uri is not a URL")}
	}
	if err := checkURL(u, k.loopback); err != nil {
		return "", &fetchError{ResultAddress, fmt.Errorf("jwks_uri: %w", err)}
	}
	return uri, nil
}

func (k *KeySet) fetchKeys(ctx context.Context, uri string) (*generation, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, &fetchError{ResultMalformed, errors.New("jwks_uri is not a URL")}
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, classify(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK { // a redirect without a target
		return nil, &fetchError{ResultStatus, statusError(resp.StatusCode)}
	}
	// The transport has bounded the body already; the limit here is for the
	// reader of this line.
	body, err := io.ReadAll(io.LimitReader(resp.Body, k.cfg.MaxBody))
	if err != nil {
		return nil, classify(err)
	}
	keys, ignored, err := parseJWKS(body, k.cfg.MaxKeys)
	switch {
	case errors.Is(err, errTooManyKeys):
		return nil, &fetchError{ResultTooLarge, err}
	case err != nil:
		return nil, &fetchError{ResultMalformed, err}
	}
	ring, more := newKeyring(keys)
	if len(ring.keys) == 0 {
		return nil, &fetchError{ResultEmpty, errors.New("no usable key")}
	}
	g := &generation{
		ring:    ring,
		ignored: append(ignored, more...),
		fetched: k.cfg.Clock(),
		ttl:     k.ttl(resp.Header.Values("Cache-Control")),
	}
	if k.cfg.LastGood != "" {
		g.document = body
	}
	return g, nil
}

// ttl reads max-age (RFC 9111 section 5.2.2.1) and clamps it.
func (k *KeySet) ttl(cacheControl []string) time.Duration {
	ttl := k.cfg.SoftTTL
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(cacheControl, ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return k.cfg.MinTTL
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err == nil {
				ttl = time.Duration(seconds) * time.Second
			}
		}
	}
	return min(max(ttl, k.cfg.MinTTL), k.cfg.MaxTTL)
}

// documentClient makes the client for the two documents. A given client without
// a transport would be the process-wide one, which obeys proxy variables.
func documentClient(cfg KeySetConfig, loopback bool) (*http.Client, error) {
	if cfg.HTTP == nil {
		cfg.HTTP = NewHTTPClient(HTTPOptions{AllowLoopback: loopback, Timeout: cfg.FetchTimeout, MaxBody: cfg.MaxBody})
	}
	if cfg.HTTP.Transport == nil {
		return nil, errors.New("HTTP client has no transport of its own")
	}
	client := &http.Client{
		Timeout:       cfg.HTTP.Timeout,
		CheckRedirect: sameOrigin,
		Transport:     statusTransport{&limitedTransport{next: cfg.HTTP.Transport, limit: cfg.MaxBody}},
	}
	if client.Timeout <= 0 || client.Timeout > cfg.FetchTimeout {
		client.Timeout = cfg.FetchTimeout
	}
	return client, nil
}

type statusError int

func (e statusError) Error() string { return "HTTP status " + strconv.Itoa(int(e)) }

// statusTransport makes every answer but 200 and redirects an error, before
// go-oidc puts the body of the answer into a text.
type statusTransport struct{ next http.RoundTripper }

func (t statusTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp, nil
	}
	_ = resp.Body.Close()
	return nil, statusError(resp.StatusCode)
}

// classify turns an error of an exchange into one that may be logged.
func classify(err error) error {
	if _, ok := errors.AsType[*oidc.IssuerMismatchError](err); ok {
		return &fetchError{ResultIssuer, errors.New("issuer is not the configured one")}
	}
	urlErr, ok := errors.AsType[*url.Error](err)
	if !ok {
		// The rest comes from reading a document and may quote it.
		return &fetchError{ResultMalformed, errors.New("not a discovery document")}
	}
	inner := urlErr.Err // without the URL
	netErr, isNet := errors.AsType[net.Error](err)
	status, isStatus := errors.AsType[statusError](err)
	switch {
	case isStatus:
		return &fetchError{ResultStatus, status}
	case errors.Is(err, errAddress):
		return &fetchError{ResultAddress, inner}
	case errors.Is(err, errBodyTooLarge):
		return &fetchError{ResultTooLarge, inner}
	case errors.Is(err, context.Canceled):
		return &fetchError{ResultCanceled, inner}
	case errors.Is(err, context.DeadlineExceeded), isNet && netErr.Timeout():
		return &fetchError{ResultTimeout, inner}
	}
	return &fetchError{ResultNetwork, inner}
}
