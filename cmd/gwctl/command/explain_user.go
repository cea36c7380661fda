package command

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/config"
)

// bindUser makes the user that the flags describe.
func (o *explainOptions) bindUser(l *loaded, req *engine.Request, out *report.Explanation) error {
	switch {
	case o.user == "anonymous":
	case o.user != "":
		u := suite.FindUser(l.set, nil, o.user)
		if u == nil {
			return usage("users are declared in a Directory of the set; a suite's own are reached with --case", "no user %q", o.user)
		}
		out.User = o.user + " (of a Directory)"
		if err := l.runner.BindUser(req, u); err != nil {
			return usage("mend the claims of this user", "%s", err)
		}
	case o.token != "" || o.claims != "":
		return o.bindClaims(l, req, out)
	}
	return nil
}

func (o *explainOptions) bindClaims(l *loaded, req *engine.Request, out *report.Explanation) error {
	claims, err := o.readClaims()
	if err != nil {
		return err
	}
	if o.token != "" {
		out.Notes = append(out.Notes, "the token was decoded, NOT verified: anyone can write such a token")
		if exp, ok := member(claims, "exp"); ok {
			if at, ok := document.ParseInt(exp); ok && time.Unix(at, 0).Before(o.streams.Now()) {
				out.Notes = append(out.Notes, "the token has expired: the sidecar would answer 401")
			}
		}
	}
	m, p, err := o.mapping(l, claims)
	if err != nil {
		return err
	}
	sub, _ := member(claims, "sub")
	out.User = fmt.Sprintf("%s (claims)", sub)
	req.Authenticate(p)
	if err := m.Apply(req, claims); err != nil {
		out.Notes = append(out.Notes, "the sidecar would refuse these claims with 401: "+err.Error())
	}
	return nil
}

func member(in slot.Input, name string) (string, bool) {
	v, ok := in.Member(name)
	if !ok {
		return "", false
	}
	return v.Text()
}

func (o *explainOptions) readClaims() (slot.Input, error) {
	if o.token != "" {
		parts := strings.Split(o.token, ".")
		if len(parts) != 3 {
			return slot.Input{}, usage("a JWT has three parts with dots between them", "--token is not a JWT")
		}
		data, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			return slot.Input{}, usage("check that the token was copied whole", "the payload of --token is not base64url")
		}
		claims, err := slot.ParseJSON(data)
		if err != nil || claims.Members() == nil {
			return slot.Input{}, usage("check that the token was copied whole", "the payload of --token is not a JSON object")
		}
		return claims, nil
	}
	in, name := o.streams.In, "standard input"
	if o.claims != "-" {
		name = o.claims
		file, err := os.Open(o.claims)
		if err != nil {
			return slot.Input{}, internal(err, "give a JSON file with the claims")
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, slot.MaxJSONSize+1))
	if err != nil {
		return slot.Input{}, internal(fmt.Errorf("reading the claims: %w", err), "")
	}
	claims, err := slot.ParseJSON(data)
	if err == nil && claims.Members() == nil {
		err = errors.New("not a JSON object")
	}
	if err != nil {
		return slot.Input{}, &failure{code: exitNotLoad, err: fmt.Errorf("%s: %w", name, err), hint: "claims are one JSON object, as in {\"sub\": \"alice\"}"}
	}
	return claims, nil
}

// mapping chooses how claims become attributes: by the configured issuer of
// the claims if there is a configuration, else by the default mapping.
func (o *explainOptions) mapping(l *loaded, claims slot.Input) (*mapping.Mapping, engine.Principal, error) {
	issuer, _ := member(claims, "iss")
	p := engine.Principal{Method: "jwt", Issuer: issuer, Type: "human"}
	if o.config == "" {
		m, found := mapping.New(l.set, nil)
		if found.HasErrors() {
			return nil, p, &failure{code: exitNotLoad, err: errors.New("the claims cannot be mapped"), hint: "mend the errors above", found: found}
		}
		return m, p, nil
	}
	by, err := configuredClaims(l.set, o.config)
	switch {
	case err != nil:
		return nil, p, err
	case issuer == "": // a token has one
		return nil, p, usage("the claim iss must equal a configured issuer exactly", "the claims have no iss")
	}
	m, p, err := by(claims)
	if err != nil {
		return nil, p, usage("the claim iss must equal a configured issuer exactly", "%s", err)
	}
	return m, p, nil
}

func loadConfig(path string) (*config.Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, internal(err, "give the configuration of gwctl serve")
	}
	cfg, found := config.Read(path, data)
	if found.HasErrors() {
		return nil, &failure{code: exitNotLoad, err: fmt.Errorf("the configuration %s does not load", path), hint: "mend the errors above", found: found}
	}
	return cfg, nil
}

// bindAttributes supplies what --env, --attr and --at give; they stand in for
// whoever would answer.
func (o *explainOptions) bindAttributes(l *loaded, req *engine.Request) error {
	at := o.streams.Now()
	if o.at != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, o.at); err != nil {
			return usage("write --at 2026-01-15T10:00:00Z", "--at %q is not a time", o.at)
		}
	}
	req.SetTime(at)
	given := slices.Clone(o.attrs)
	for _, e := range o.env {
		given = append(given, "env."+e)
	}
	for _, g := range given {
		name, value, ok := strings.Cut(g, "=")
		root, attr, dotted := strings.Cut(name, ".")
		if !ok || !dotted {
			return usage("write --attr resource.owner=alice or --env region=eu", "%q is not name=value", g)
		}
		if err := req.Give(root, attr, value); err != nil {
			return usage("see the Schema and the Resource for what is declared", "%s: %s", g, err)
		}
	}
	return nil
}
