package command

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/reply"
)

type explainOptions struct {
	streams  Streams
	policies string
	config   string
	caseRef  string
	request  string
	user     string
	token    string
	claims   string
	env      []string
	attrs    []string
	headers  []string
	at       string
	ip       string
	decision string
	log      string
	anyway   bool
	output   string
}

func newExplain(s Streams) *cobra.Command {
	o := &explainOptions{streams: s}
	c := &cobra.Command{
		Use: "explain 'METHOD [HOST]/PATH[?QUERY]' | explain --decision ID --log FILE", Short: "Say why a request is allowed or denied",
		Long: `Decides a request by the policies at -p and prints route, candidate rules, the
value of every part of their conditions, the step that decided, and the HTTP
answer. Without --user, --token or --claims the user is anonymous.

A token given with --token is decoded and NOT verified: explain shows what the
policies say about its claims, not whether the sidecar would accept it.

With --decision it explains a decision that the sidecar has made and recorded:
it repeats the decision with the inputs of the record and says whether it comes
out the same. That needs the policies of that time; those of another digest are
refused, unless --anyway asks what they say.`,
		Example: `  gwctl explain -p examples/quickstart --user alice 'GET /tenants/acme/orders/42'
  gwctl explain -p examples/quickstart --case 'quickstart_test.yaml#the owner deletes'
  gwctl explain -p examples/quickstart --decision 019a1b2c-7a4e-7000-8000-0123456789ab --log audit.jsonl`,
		Args: argCount(0, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.request = args[0]
			}
			if err := o.check(c.Flags()); err != nil {
				return err
			}
			if o.decision != "" {
				return runDecision(o)
			}
			return runExplain(o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.policies, "policies", "p", ".", "the policy set: a directory or a bundle")
	f.StringVarP(&o.config, "config", "c", "", "a sidecar configuration, for its mapping of claims")
	f.StringVar(&o.caseRef, "case", "", "explain a case of a suite: FILE#NAME")
	f.StringVar(&o.user, "user", "", "a user of a Directory")
	f.StringVar(&o.token, "token", "", "a JWT whose claims make the user; decoded, not verified")
	f.StringVar(&o.claims, "claims", "", "a JSON file with claims that make the user; - reads standard input")
	f.StringArrayVar(&o.env, "env", nil, "an attribute of the environment, name=value")
	f.StringArrayVar(&o.attrs, "attr", nil, "any attribute, as in resource.owner=alice")
	f.StringArrayVar(&o.headers, "header", nil, "a request header, as in 'X-Plan: pro'")
	f.StringVar(&o.at, "at", "", "the time of the request, RFC 3339 (default: now)")
	f.StringVar(&o.ip, "ip", "127.0.0.1", "the client's address")
	f.StringVar(&o.decision, "decision", "", "explain a recorded decision by its id")
	f.StringVar(&o.log, "log", "", "with --decision: the file of records; rotated files beside it and .gz are read, too")
	f.BoolVar(&o.anyway, "anyway", false, "with --decision: also if the decision was made by another set")
	outputFlag(c, &o.output)
	return c
}

func (o *explainOptions) check(given *pflag.FlagSet) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	if err := o.checkDecision(given); err != nil || o.decision != "" {
		return err
	}
	users := 0
	for _, s := range []string{o.user, o.token, o.claims} {
		if s != "" {
			users++
		}
	}
	switch {
	case users > 1:
		return usage("keep one of them", "--user, --token and --claims cannot be used together")
	case o.caseRef == "" && o.request == "":
		return usage("add the request, as in 'GET /orders/42', --case FILE#NAME, or --decision ID", "nothing to explain is given")
	case o.caseRef != "" && o.request != "":
		return usage("a case brings its own request", "--case cannot be used together with a request")
	case o.config != "" && o.token == "" && o.claims == "" && o.caseRef == "":
		return usage("add --token, --claims or --case, or leave out -c", "-c is read for its mapping of claims, and none are given")
	case o.caseRef == "":
		return nil
	}
	for _, name := range []string{"user", "token", "claims", "env", "attr", "header", "at", "ip"} {
		if given.Changed(name) {
			return usage("a case brings its own user and circumstances", "--case cannot be used together with --%s", name)
		}
	}
	return nil
}

func runExplain(o *explainOptions) error {
	l, err := mustLoad(o.policies)
	if err != nil {
		return err
	}
	if o.caseRef != "" && o.config != "" {
		if err := configure(l, o.config); err != nil {
			return err
		}
	}
	out := report.Explanation{Envelope: report.NewEnvelope("explain"), Notes: []string{}}
	out.Diagnostics = append(out.Diagnostics, l.found...)
	req, err := o.bind(l, &out)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		out.Notes = append(out.Notes, "refused before the user or any rule is looked at: "+refused.why)
		out.Response = response(reply.Rejected(refused.Status, refused.Reason, reply.Context{RequestID: testRequestID}))
	case err != nil:
		return err
	default:
		x := explain.Explain(l.set, req)
		out.Explain = &x
		out.Response = report.Response{Status: http.StatusOK, Reason: x.Decision.Reason, Headers: map[string]string{}}
		if !x.Decision.Allowed() {
			out.Response = response(reply.Decided(x.Decision, reply.Context{RequestID: testRequestID, Allow: req.Allow()}))
		}
	}
	out.Summarize()
	if err := out.Write(o.streams.Out, o.output, o.streams.Color); err != nil {
		return internal(err, "")
	}
	return nil
}

func (o *explainOptions) bind(l *loaded, out *report.Explanation) (*engine.Request, error) {
	if o.caseRef != "" {
		return o.bindCase(l, out)
	}
	spec, wrong := policy.ParseRequest(o.request)
	if wrong != "" {
		return nil, usage("write it as 'GET /orders/42' or 'GET host/path?query'", "%s", wrong)
	}
	ip, err := netip.ParseAddr(o.ip)
	if err != nil {
		return nil, usage("write --ip 192.0.2.10", "--ip %q is not an address", o.ip)
	}
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || name == "" {
			return nil, usage("write --header 'X-Plan: pro'", "--header %q is not NAME: VALUE", h)
		}
		spec.Headers = append(spec.Headers, policy.Label{Key: policy.NewText(name), Value: policy.NewText(strings.TrimSpace(value))})
	}
	read, err := canonicalReader(l.set)
	if err != nil {
		return nil, internal(err, "please report this")
	}
	out.Request = report.RequestText(spec)
	h, err := read(spec, ip)
	if err != nil {
		return nil, err
	}
	out.User = "anonymous"
	req := l.set.HTTPRequest(h)
	if err := o.bindUser(l, req, out); err != nil {
		return nil, err
	}
	return req, o.bindAttributes(l, req)
}

func (o *explainOptions) bindCase(l *loaded, out *report.Explanation) (*engine.Request, error) {
	c, err := l.runner.Find(o.caseRef)
	if err != nil {
		return nil, usage("write FILE#NAME with the name as it stands in the file", "%s", err)
	}
	out.Request = "case " + c.FullName()
	if spec := c.Request(); spec != nil {
		out.Request = report.RequestText(spec)
	}
	req, err := c.Bind()
	if err == nil {
		out.User = c.User()
	}
	return req, err
}

func response(a reply.Answer) report.Response {
	r := report.Response{Status: a.Status, Reason: a.Reason, Headers: map[string]string{}, Body: strings.TrimSpace(string(a.Body))}
	for name := range a.Header {
		r.Headers[http.CanonicalHeaderKey(name)] = a.Header.Get(name)
	}
	return r
}
