package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/config"
)

// Two methods of different parties that put the same before their ids are told,
// once, at the second one; they load all the same.
func TestSharedUserIDs(t *testing.T) {
	const (
		idp     = `{jwt: {issuer: "https://idp.example.com/a", audiences: [a]}}`
		realm   = `{jwt: {issuer: "https://idp.example.com/b", audiences: [a]}}`
		partner = `{jwt: {issuer: "https://partner.example", audiences: [a], id_prefix: "partner:"}}`
		other   = `{jwt: {issuer: "https://other.example", audiences: [a], id_prefix: "partner:"}}`
		opaque  = `{introspection: {endpoint: "https://idp.example.com/introspect", client_id: gw, client_secret: {env: S}}}`
		foreign = `{introspection: {endpoint: "https://opaque.example/introspect", client_id: gw, client_secret: {env: S}}}`
		signed  = `{introspection: {endpoint: "https://asked.example/introspect", issuer: "https://idp.example.com/a", client_id: gw, client_secret: {env: S}}}`
		wrong   = `{introspection: {endpoint: "https://asked.example/introspect", issuer: "https://idp.example.com/c", client_id: gw, client_secret: {env: S}}}`
		keys    = `{api_keys: {file: keys.yaml}}`
		apart   = `{api_keys: {file: keys.yaml, id_prefix: "key:"}}`
	)
	for _, tt := range []struct {
		methods []string
		want    []string // what the methods with a warning say they share with
	}{
		{[]string{idp}, nil},
		{[]string{idp, partner, apart}, nil},
		{[]string{idp, opaque}, nil}, // one host, so one party
		{[]string{idp, signed}, nil}, // one issuer
		{[]string{idp, realm}, []string{"https://idp.example.com/a"}},
		{[]string{idp, wrong}, []string{"https://idp.example.com/a"}},
		{[]string{idp, foreign}, []string{"https://idp.example.com/a"}},
		{[]string{idp, keys}, []string{"https://idp.example.com/a"}},
		{[]string{partner, other}, []string{"https://partner.example"}},
		{[]string{idp, realm, keys}, []string{"https://idp.example.com/a", "https://idp.example.com/a"}},
		{[]string{partner, keys}, nil},
	} {
		i := strings.Index(least, "  authn:")
		text := least[:i] + "  authn: [" + strings.Join(tt.methods, ", ") + "]\n"
		cfg, found := config.Read(path, []byte(text))
		if cfg == nil {
			t.Fatalf("%s: %v", text, found)
		}
		var got []string
		for _, d := range found {
			if d.Code != "shared_user_ids" || d.Severity != document.Warning {
				t.Errorf("found %s", d)
			}
			got = append(got, d.Message[strings.LastIndex(d.Message, " ")+1:])
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: shared with %q, want %q", tt.methods, got, tt.want)
		}
	}
}

func TestAudienceClaim(t *testing.T) {
	for value, code := range map[string]string{
		"audience_claim: aud":                           "",
		"audience_claim: client_id":                     "",
		"audience_claim: azp":                           "bad_setting",
		"audience_claim: sub":                           "bad_setting",
		"audience_claim: ":                              "empty_value",
		"audience_claim: [aud]":                         "wrong_type",
		"audience_claim: client_id, profile: rfc9068":   "bad_setting",
		"audience_claim: aud, profile: rfc9068":         "",
		"audience_claim: client_id, audiences: [b]":     "duplicate_key",
		"leeway: 1s, audience_claim: client_id, type: ": "empty_value",
	} {
		i := strings.Index(least, "  authn:")
		text := least[:i] + "  authn: [{jwt: {issuer: \"https://idp.example.com\", audiences: [a], " + value + "}}]\n"
		cfg, found := config.Read(path, []byte(text))
		has := slices.ContainsFunc(found, func(d policy.Diagnostic) bool { return d.Code == code })
		if (cfg == nil) != (code != "") || code != "" && !has {
			t.Errorf("%s: found %v, want %q", value, found, code)
		}
	}
	if _, found := config.Read(path, []byte(strings.Replace(least, "audiences: ", "audience_claim: client_id, other: ", 1))); len(found) == 0 {
		t.Error("a method without audiences is read")
	}
}
