package dev

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestToken(t *testing.T) {
	i := newIssuer(t)
	token, err := i.Token(TokenSpec{
		Subject: "alice", Audience: "shop-api", Lifetime: 90 * time.Second,
		Claims: json.RawMessage(`{"tenant":"acme","amount":12345678901234567890.50,"realm_access":{"roles":["a<b"]},"EXP":1}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	claims, header := verify(t, i, token)
	if header.Algorithm != "ES256" || header.ExtraHeaders["typ"] != "at+jwt" || header.JSONWebKey != nil {
		t.Errorf("header %+v", header)
	}
	if id, _ := claims["jti"].(string); len(id) < 26 {
		t.Errorf("jti %v is short", claims["jti"])
	}
	delete(claims, "jti")
	want := map[string]any{
		"sub": "alice", "iss": issuerURL, "aud": "shop-api", "client_id": clientID,
		"iat": json.Number("1768471200"), "exp": json.Number("1768471290"),
		"tenant": "acme", "amount": json.Number("12345678901234567890.50"), "EXP": json.Number("1"),
		"realm_access": map[string]any{"roles": []any{"a<b"}},
	}
	if !reflect.DeepEqual(claims, want) {
		t.Errorf("claims %v\nwant   %v", claims, want)
	}
}

func TestTokenDefaults(t *testing.T) {
	i := newIssuer(t)
	token, err := i.Token(TokenSpec{Subject: "alice", Audience: "shop-api", Claims: json.RawMessage(`{"client_id":"web"}`)})
	if err != nil {
		t.Fatal(err)
	}
	claims, _ := verify(t, i, token)
	if claims["exp"] != json.Number("1768474800") || claims["client_id"] != "web" {
		t.Errorf("claims %v, want exp in one hour and the client of the claims", claims)
	}
}

func TestTokenRefuses(t *testing.T) {
	good := TokenSpec{Subject: "alice", Audience: "shop-api", Claims: json.RawMessage(`{"tenant":"acme"}`), Lifetime: time.Minute}
	tests := map[string]struct {
		change func(*TokenSpec)
		want   string
	}{
		"no subject":         {func(s *TokenSpec) { s.Subject = "" }, "subject is empty"},
		"no audience":        {func(s *TokenSpec) { s.Audience = "" }, "audience is empty"},
		"negative lifetime":  {func(s *TokenSpec) { s.Lifetime = -time.Minute }, "lifetime"},
		"too short":          {func(s *TokenSpec) { s.Lifetime = time.Millisecond }, "lifetime"},
		"too long":           {func(s *TokenSpec) { s.Lifetime = maxLifetime + 1 }, "lifetime"},
		"claims set sub":     {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"sub":"root"}`) }, "set sub"},
		"claims set iss":     {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"iss":"x"}`) }, "set iss"},
		"claims set aud":     {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"aud":"x"}`) }, "set aud"},
		"claims set iat":     {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"iat":1}`) }, "set iat"},
		"claims set exp":     {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"\u0065xp":9}`) }, "set exp"},
		"claims set jti":     {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"jti":"x"}`) }, "set jti"},
		"claim twice":        {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"a":1,"a":2}`) }, "read the claims"},
		"inner name twice":   {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"a":[{"b":1,"b":2}]}`) }, "read the claims"},
		"claims are a list":  {func(s *TokenSpec) { s.Claims = json.RawMessage(`[]`) }, "not an object"},
		"claims are null":    {func(s *TokenSpec) { s.Claims = json.RawMessage(`null`) }, "not an object"},
		"claims are no JSON": {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"a":1}}`) }, "read the claims"},
		"claims too long":    {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"a":"` + strings.Repeat("x", maxToken) + `"}`) }, "do not fit"},
		"token too long":     {func(s *TokenSpec) { s.Claims = json.RawMessage(`{"a":"` + strings.Repeat("x", 7000) + `"}`) }, "at most"},
	}
	i := newIssuer(t)
	if _, err := i.Token(good); err != nil {
		t.Fatalf("the sample is refused: %v", err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			spec := good
			tt.change(&spec)
			token, err := i.Token(spec)
			if token != "" || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("token %q, error %v, want one with %q", token, err, tt.want)
			}
		})
	}
}

func FuzzClaims(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":{"b":[1,null]}}`, `{"sub":1}`, `[`, `{"a":1e999}`, "{\"a\":\"\xff\"}", `{"a":1,"a":2}`} {
		f.Add([]byte(seed))
	}
	i := newIssuer(f)
	f.Fuzz(func(t *testing.T, claims []byte) {
		token, err := i.Token(TokenSpec{Subject: "alice", Audience: "shop-api", Claims: claims})
		if err != nil {
			return
		}
		got, _ := verify(t, i, token)
		if got["sub"] != "alice" || got["iss"] != issuerURL || got["aud"] != "shop-api" {
			t.Errorf("claims %q make %v", claims, got)
		}
	})
}
