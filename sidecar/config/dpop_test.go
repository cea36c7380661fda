package config_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
)

const (
	dpopJWT = `jwt: {issuer: "https://idp.example.com", audiences: [a], dpop: DPOP}`
	dpopAsk = `introspection: {endpoint: "https://idp.example.com/introspect", client_id: gw, client_secret: {env: S}, dpop: DPOP}`
)

func withDPoP(method, block string) string {
	return least[:strings.Index(least, "  authn:")] + "  authn: [{" + strings.Replace(method, "DPOP", block, 1) + "}]\n"
}

// Both methods that take tokens have the same block.
func TestReadDPoP(t *testing.T) {
	for block, want := range map[string]config.DPoP{
		"{}":                              {On: true, MaxAge: time.Minute},
		"{required: true}":                {On: true, Required: true, MaxAge: time.Minute},
		"{required: false, nonce: false}": {On: true, MaxAge: time.Minute},
		"{nonce: true, max_age: 5s}":      {On: true, Nonce: true, MaxAge: 5 * time.Second},
		"{max_age: 4m, algorithms: [ES256, ES512]}":   {On: true, MaxAge: 4 * time.Minute, Algorithms: []string{"ES256", "ES512"}},
		"{nonce: true, nonce_key: {file: nonce.key}}": {On: true, Nonce: true, NonceKey: config.Secret{File: "/etc/gwctl/nonce.key"}, MaxAge: time.Minute},
		"{nonce: true, nonce_key: {env: NONCE_KEY}}":  {On: true, Nonce: true, NonceKey: config.Secret{Env: "NONCE_KEY"}, MaxAge: time.Minute},
	} {
		for _, method := range []string{dpopJWT, dpopAsk} {
			c := mustRead(t, withDPoP(method, block))
			var got config.DPoP
			if len(c.JWT) > 0 {
				got = c.JWT[0].DPoP
			} else {
				got = c.Introspection[0].DPoP
			}
			got.NonceKey.At = policy.Span{}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, want %+v", block, got, want)
			}
			if file := want.NonceKey.File; file != "" && !slices.Contains(c.Files(), file) {
				t.Errorf("%s is not followed: %q", file, c.Files())
			}
		}
	}
}

func TestReadRefusesDPoP(t *testing.T) {
	for _, tt := range []struct{ block, code, at string }{
		{"{required: yes}", "wrong_type", "yes"},
		{"{nonce: 1}", "wrong_type", "1"},
		{"{max_age: 4s}", "bad_setting", "4s"},
		{"{max_age: 241s}", "bad_setting", "241s"},
		{"{algorithms: [HS256]}", "bad_setting", "HS256"},
		{"{algorithms: [none]}", "bad_setting", "none"},
		{"{algorithms: []}", "empty_list", "[]"},
		{"{nonce_key: {env: K}}", "bad_setting", "nonce_key"},
		{"{nonce: false, nonce_key: {env: K}}", "bad_setting", "nonce_key"},
		{"{nonce: true, nonce_key: s3cret}", "bad_setting", "nonce_key"},
		{"{nonce: true, nonce_key: {env: K, file: k}}", "bad_setting", "{env"},
		{"{mode: strict}", "unknown_key", "mode"},
		{"true", "wrong_type", "true"},
	} {
		for _, method := range []string{dpopJWT, dpopAsk} {
			text := withDPoP(method, tt.block)
			cfg, found := config.Read(path, []byte(text))
			if cfg != nil || !slices.ContainsFunc(found, func(d policy.Diagnostic) bool { return d.Code == tt.code && strings.HasPrefix(place(text, d), tt.at) }) {
				t.Errorf("%s: read %v, found %v, want %s", tt.block, cfg != nil, found, tt.code)
			}
			for _, d := range found {
				if strings.Contains(d.Message+d.Hint, "s3cret") {
					t.Errorf("found %s", d)
				}
			}
		}
	}
}

// What is asked of proofs changes while the process runs.
func TestDPoPNeedsNoRestart(t *testing.T) {
	began := mustRead(t, withDPoP(dpopJWT, "{}"))
	if changed := mustRead(t, withDPoP(dpopJWT, "{required: true, nonce: true}")).NeedsRestart(began); len(changed) > 0 {
		t.Errorf("needs a restart: %q", changed)
	}
}
