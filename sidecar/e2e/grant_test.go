package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// askToken gets an access token of a provider (RFC 6749 section 4.4).
func askToken(t testing.TB, client *http.Client, endpoint, id, secret string, form url.Values) string {
	t.Helper()
	status, body := postForm(t, client, endpoint, id, secret, form)
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK || answer.TokenType != "Bearer" || answer.AccessToken == "" {
		t.Fatalf("getting a token: %d: %s", status, body)
	}
	return answer.AccessToken
}

// revokeAt takes an access token back (RFC 7009).
func revokeAt(t testing.TB, client *http.Client, endpoint, id, secret, token string) {
	t.Helper()
	status, body := postForm(t, client, endpoint, id, secret, url.Values{"token": {token}, "token_type_hint": {"access_token"}})
	if status != http.StatusOK {
		t.Fatalf("revoking a token: %d: %s", status, body)
	}
}

// postForm asks an endpoint of a provider as one of its clients.
func postForm(t testing.TB, client *http.Client, endpoint, id, secret string, form url.Values) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(id, secret)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("asking the provider: %v", err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}
