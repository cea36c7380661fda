package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// askToken gets an access token of a provider.
func askToken(t testing.TB, client *http.Client, endpoint, id, secret string, form url.Values) string {
	t.Helper()
	token, err := grant(t.Context(), client, endpoint, id, secret, form)
	if err != nil {
		t.Fatalf("getting a token: %v", err)
	}
	return token
}

// grant gets an access token (RFC 6749 section 4.4).
func grant(ctx context.Context, client *http.Client, endpoint, id, secret string, form url.Values) (string, error) {
	status, body, err := postForm(ctx, client, endpoint, id, secret, form)
	if err != nil {
		return "", err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK || answer.TokenType != "Bearer" || answer.AccessToken == "" {
		return "", fmt.Errorf("%d: %s", status, body)
	}
	return answer.AccessToken, nil
}

// revokeAt takes an access token back (RFC 7009).
func revokeAt(t testing.TB, client *http.Client, endpoint, id, secret, token string) {
	t.Helper()
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	status, body, err := postForm(t.Context(), client, endpoint, id, secret, form)
	if err != nil || status != http.StatusOK {
		t.Fatalf("revoking a token: %d: %s, %v", status, body, err)
	}
}

// postForm asks an endpoint of a provider as one of its clients.
func postForm(ctx context.Context, client *http.Client, endpoint, id, secret string, form url.Values) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(id, secret)
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, body, err
}
