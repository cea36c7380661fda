package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// webClient is a client of people at the provider.
type webClient struct {
	ID       string         `json:"id"`
	Secret   string         `json:"secret"`
	Scope    string         `json:"scope"`
	Redirect string         `json:"redirect"`
	Logout   string         `json:"logout"` // where logout tokens go
	Claims   map[string]any `json:"claims"`
}

// browser is somebody's session at the provider.
type browser struct {
	testing.TB
	idp    *provider
	web    *webClient
	client *http.Client
}

func newBrowser(t testing.TB, idp *provider, web *webClient) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t, idp, web, &http.Client{Jar: jar, Timeout: 10 * time.Second}}
	b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), web.Redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	t.Cleanup(b.client.CloseIdleConnections)
	return b
}

func (b *browser) read(resp *http.Response, err error) (*http.Response, string) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		b.Fatal(err)
	}
	return resp, string(body)
}

var action = regexp.MustCompile(`action="([^"]+)"`)

// submit sends the form of a page with some values.
func (b *browser) submit(resp *http.Response, page string, values url.Values) (*http.Response, string) {
	b.Helper()
	found := action.FindStringSubmatch(page)
	if found == nil {
		b.Fatalf("%s %s has no form: %s", resp.Status, resp.Request.URL, page)
	}
	to, err := resp.Request.URL.Parse(html.UnescapeString(found[1]))
	if err != nil {
		b.Fatal(err)
	}
	return b.read(b.client.PostForm(to.String(), values))
}

// login logs a user in and gives an access token of the session and the ID
// token.
func (b *browser) login(user, resource, scope string) (access, id string) {
	b.Helper()
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	ask := url.Values{
		"client_id": {b.web.ID}, "response_type": {"code"}, "scope": {"openid " + scope}, "redirect_uri": {b.web.Redirect}, "resource": {resource},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "state": {"s"}, "nonce": {"n"},
	}
	resp, page := b.read(b.client.Get(b.idp.issuer + "/auth?" + ask.Encode()))
	for range 3 { // login, then consent
		if resp.Header.Get("Location") != "" {
			break
		}
		prompt := "consent"
		if strings.Contains(page, `name="login"`) {
			prompt = "login"
		}
		resp, page = b.submit(resp, page, url.Values{"prompt": {prompt}, "login": {user}, "password": {"any"}})
	}
	back, err := resp.Location()
	if err != nil || back.Query().Get("code") == "" {
		b.Fatalf("logging in ended with %s %v: %s", resp.Status, err, page)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {b.web.Redirect}, "code_verifier": {verifier}, "resource": {resource}}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.idp.issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(b.web.ID, b.web.Secret)
	resp, page = b.read(b.client.Do(req))
	var answer struct {
		AccessToken string `json:"access_token"`
		IDToken     string `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(page), &answer); err != nil || answer.AccessToken == "" || answer.IDToken == "" {
		b.Fatalf("getting tokens: %s: %s", resp.Status, page)
	}
	return answer.AccessToken, answer.IDToken
}

var xsrf = regexp.MustCompile(`name="xsrf" value="([^"]+)"`)

// logout ends the session at the provider, as its user does.
func (b *browser) logout(idToken string) {
	b.Helper()
	resp, page := b.read(b.client.Get(b.idp.issuer + "/session/end?" + url.Values{"id_token_hint": {idToken}}.Encode()))
	token := xsrf.FindStringSubmatch(page)
	if token == nil {
		b.Fatalf("%s: %s", resp.Status, page)
	}
	if resp, page = b.submit(resp, page, url.Values{"xsrf": {token[1]}, "logout": {"yes"}}); resp.StatusCode >= 400 {
		b.Fatalf("logging out: %s: %s", resp.Status, page)
	}
}
