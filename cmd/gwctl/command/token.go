package command

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/authn"
)

func newToken(s Streams) *cobra.Command {
	c := group("token", "Look at bearer tokens")
	c.AddCommand(newTokenInspect(s))
	return c
}

type tokenOptions struct {
	streams Streams
	token   string
	config  string
	output  string
}

func newTokenInspect(s Streams) *cobra.Command {
	o := &tokenOptions{streams: s, token: "-"}
	c := &cobra.Command{
		Use: "inspect [TOKEN|-]", Short: "Show what a token says, and who would take it", Args: argCount(0, 1),
		Long: `Shows header, claims and times of a JWT, and what it is bound to. With -c it says which configured method
would take the token, and why another would not. Nothing is verified, and the
token is sent nowhere. Without TOKEN, or with -, it is read from standard input,
which keeps it out of the shell's history.`,
		Example: "  gwctl token inspect - < token.txt\n  gwctl token inspect -c gwctl.yaml < token.txt",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.token = args[0]
			}
			return o.run()
		},
	}
	c.Flags().StringVarP(&o.config, "config", "c", "", "a configuration of gwctl serve, whose methods are asked")
	outputFlag(c, &o.output)
	return c
}

const maxTokenInput = 64 << 10

func (o *tokenOptions) run() error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	token, err := o.read()
	if err != nil {
		return err
	}
	out := &report.Token{Envelope: report.NewEnvelope("token inspect")}
	out.Summary.Times, out.Summary.Methods = []report.TokenTime{}, []report.TokenMethod{}
	view, err := authn.Inspect(token)
	if err != nil {
		out.Summary.Refused = refusalText(err)
		out.OK = o.config != "" // then a method may still take it
	}
	if view != nil {
		out.Summary.Header, out.Summary.Claims = view.Header, view.Claims
		out.Summary.Times = times(view, o.streams.Now())
		out.Summary.Bound = bound(view)
	}
	if o.config != "" {
		if out.Summary.Methods, err = o.ask(token); err != nil {
			return err
		}
		out.OK = false
		for _, m := range out.Summary.Methods {
			out.OK = out.OK || m.Takes
		}
	}
	out.Summary.Unknown = unknown(view, out.Summary.Methods)
	if err := out.Write(o.streams.Out, o.output); err != nil {
		return internal(err, "")
	}
	if !out.OK {
		return exitWith(exitFindings)
	}
	return nil
}

func (o *tokenOptions) read() (string, error) {
	text := o.token
	if text == "-" {
		data, err := io.ReadAll(io.LimitReader(o.streams.In, maxTokenInput+1))
		if err != nil {
			return "", internal(fmt.Errorf("reading the token: %w", err), "")
		}
		text = string(data)
	}
	text = strings.TrimSpace(text)
	if scheme, rest, ok := strings.Cut(text, " "); ok && (strings.EqualFold(scheme, authn.SchemeBearer) || strings.EqualFold(scheme, authn.SchemeDPoP)) {
		text = rest
	}
	if text == "" || len(text) > maxTokenInput {
		return "", usage("give the token, or write it to standard input", "there is no token of up to 64 KiB")
	}
	return text, nil
}

func (o *tokenOptions) ask(token string) ([]report.TokenMethod, error) {
	cfg, err := loadConfig(o.config)
	if err != nil {
		return nil, err
	}
	assessed, err := sidecar.Assess(cfg, token, o.streams.Now)
	if err != nil {
		return nil, internal(err, "see gwctl serve --check")
	}
	methods := []report.TokenMethod{}
	for _, a := range assessed {
		m := report.TokenMethod{Method: a.Method, Name: a.Name, Takes: a.Refused == nil}
		if r, ok := errors.AsType[*authn.Refused](a.Refused); ok {
			m.Reason, m.Detail = r.Reason, fmt.Sprint(r.Err)
		}
		methods = append(methods, m)
	}
	return methods, nil
}

// unknown tells what only the issuer could say, who is not asked.
func unknown(v *authn.TokenView, methods []report.TokenMethod) []string {
	out := []string{}
	if v != nil && v.Claims != nil {
		out = append(out, "whether the signature is good")
		if v.KeyID != "" {
			out = append(out, fmt.Sprintf("whether the issuer has a key %q", v.KeyID))
		}
	}
	for _, m := range methods {
		if m.Takes && m.Method == authn.KindIntrospection {
			return append(out, "whether the authorization server knows it as active")
		}
	}
	return out
}

func bound(v *authn.TokenView) *report.TokenBinding {
	switch {
	case v.BindingUnknown:
		return &report.TokenBinding{To: "unknown"}
	case v.Bound == nil:
		return nil
	case v.Bound.Member == authn.BoundToKey:
		return &report.TokenBinding{To: "dpop_key", Thumbprint: v.Bound.Thumbprint}
	}
	return &report.TokenBinding{To: "certificate", Thumbprint: v.Bound.Thumbprint}
}

func refusalText(err error) string {
	if r, ok := errors.AsType[*authn.Refused](err); ok {
		return fmt.Sprintf("%s (%v)", r.Reason, r.Err)
	}
	return err.Error()
}

// times puts the times of a token into words.
func times(v *authn.TokenView, now time.Time) []report.TokenTime {
	out := []report.TokenTime{}
	for _, t := range []struct {
		claim        string
		at           time.Time
		ahead, since string
	}{
		{"iat", v.Issued, "issued %s from now", "issued %s ago"},
		{"nbf", v.NotBefore, "valid %s from now", "valid since %s"},
		{"exp", v.Expires, "expires %s from now", "expired %s ago"},
	} {
		if t.at.IsZero() {
			continue
		}
		words := fmt.Sprintf(t.since, span(now.Sub(t.at)))
		if t.at.After(now) {
			words = fmt.Sprintf(t.ahead, span(t.at.Sub(now)))
		}
		out = append(out, report.TokenTime{Claim: t.claim, At: t.at.Format(time.RFC3339), Words: words})
	}
	return out
}

// span gives a length of time in its largest whole unit.
func span(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := int64(d / u.unit); n > 1 {
			return fmt.Sprintf("%d %ss", n, u.name)
		} else if n == 1 {
			return "1 " + u.name
		}
	}
	return "0 seconds"
}
