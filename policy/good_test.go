package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestGoodOptions: what routes, rules, libraries and suites say beside their
// patterns and conditions is read.
func TestGoodOptions(t *testing.T) {
	set, found := Load(goodFiles(t))
	if len(found) != 0 {
		t.Fatalf("found %v", found)
	}
	lines := describeOptions(set)
	for _, want := range []string{
		"action delete soft",
		"object address city,geo(lat)",
		"route /static/{rest...} cors=https://app.example.com X-Plan X-Total true 600 websocket=false keep=false,false,true",
		"route /tenants/{tenant}/orders/{id}/refund body=1024 amount,note websocket=false keep=false,false,false",
		"route /rpc hosts=www.example.com body=65536  chosen=method orders/list:list orders/read:read websocket=false keep=false,false,false",
		"route /live websocket=true keep=true,true,false",
		"route / hosts=status.example.com,{region}.example.com websocket=false keep=false,false,false",
		"policy guard imports= without=status",
		"policy orders imports=common without=",
		"rule bare http=true authzen=true",
		"rule step-up http=true authzen=true challenge=insufficient_user_authentication gold,silver 300",
		"rule tried http=true authzen=false until=2026-06-30",
		"rule views http=true authzen=true X-Order-View:'own' X-Limit:string(common.limit)",
		"library common limit=5 fresh=user.authenticated",
		"case by its parts failing=false body=2 headers=-",
		"case without the source failing=true body=0 headers=X-Order-View:own,X-Limit:",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("the set does not say: %s", want)
		}
	}
	if t.Failed() {
		t.Logf("it says:\n%s", strings.Join(lines, "\n"))
	}
}

func describeOptions(s *Set) []string {
	var out []string
	for _, r := range s.Resources {
		for _, a := range r.Actions {
			out = append(out, "action "+a.Name.Value()+" "+fieldNames(a.Attributes))
		}
		for _, a := range r.Attributes {
			if len(a.Fields) > 0 {
				out = append(out, "object "+a.Name.Value()+" "+fieldNames(a.Fields))
			}
		}
		for _, x := range r.Routes {
			out = append(out, describeRoute(x))
		}
	}
	for _, p := range s.Policies {
		out = append(out, fmt.Sprintf("policy %s imports=%s without=%s", p.Name.Value(), join(p.Imports), join(p.Without)))
		for _, r := range p.Rules {
			out = append(out, describeRule(r))
		}
	}
	for _, l := range s.Libraries {
		out = append(out, fmt.Sprintf("library %s %s=%s %s=%s", l.Name.Value(), l.Consts[0].Name.Value(), l.Consts[0].Value.Text.Value(), l.Vars[0].Name.Value(), l.Vars[0].Expr.Value()))
	}
	for _, x := range s.Suites {
		for _, c := range x.Cases {
			headers, body := "-", 0
			if c.Expect.HeadersSet {
				headers = labels(c.Expect.Headers, ",")
			}
			if c.Request != nil {
				body = len(c.Request.Body.Entries)
			}
			out = append(out, fmt.Sprintf("case %s failing=%t body=%d headers=%s", c.Name.Value(), c.Failing, body, headers))
		}
	}
	return out
}

func describeRoute(x Route) string {
	line := "route " + x.Path()
	if len(x.Hosts) > 0 {
		line += " hosts=" + strings.Join(x.Hosts, ",")
	}
	if b := x.Body; b != nil {
		line += fmt.Sprintf(" body=%d %s", b.MaxBytes, fieldNames(b.Fields))
	}
	if b := x.BodyAction; b != nil {
		line += " chosen=" + b.Field.Value() + " " + labels(b.Map, " ")
	}
	if c := x.CORS; c != nil {
		line += fmt.Sprintf(" cors=%s %s %s %t %d", join(c.Origins), join(c.Headers), join(c.Expose), c.Credentials, c.MaxAge)
	}
	return line + fmt.Sprintf(" websocket=%t keep=%t,%t,%t", x.WebSocket, x.KeepEncodedSlash, x.KeepEmptySegments, x.KeepPathParams)
}

func describeRule(r *Rule) string {
	line := fmt.Sprintf("rule %s http=%t authzen=%t", r.ID.Value(), r.HTTP, r.AuthZEN)
	if r.Shadow {
		line += " until=" + r.Until.Format("2006-01-02")
	}
	for _, h := range r.Headers {
		line += " " + h.Name.Value() + ":" + h.Value.Value()
	}
	if r.Reason != nil && r.Reason.Challenge != nil {
		c := r.Reason.Challenge
		line += fmt.Sprintf(" challenge=%s %s %d", c.Error.Value(), join(c.ACRValues), c.MaxAge)
	}
	return line
}

func fieldNames(list []Attribute) string {
	var out []string
	for _, a := range list {
		name := a.Name.Value()
		if len(a.Fields) > 0 {
			name += "(" + fieldNames(a.Fields) + ")"
		}
		out = append(out, name)
	}
	return strings.Join(out, ",")
}

func labels(list []Label, sep string) string {
	var out []string
	for _, l := range list {
		out = append(out, l.Key.Value()+":"+l.Value.Value())
	}
	return strings.Join(out, sep)
}
