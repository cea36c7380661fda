package record

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gwctl/gwctl/engine"
)

// ocsfSchemas reads the JSON Schemas of OCSF 1.8.0, by class.
func ocsfSchemas(t *testing.T) map[float64]map[string]any {
	t.Helper()
	dir := os.Getenv("GWCTL_EXTERNAL")
	if dir == "" {
		t.Skip("GWCTL_EXTERNAL does not say where the schemas of OCSF are")
	}
	out := map[float64]map[string]any{}
	for class, name := range map[float64]string{ocsfAPI: "api_activity", ocsfAuth: "authentication", ocsfBase: "base_event"} {
		data, err := os.ReadFile(filepath.Join(dir, "ocsf-otel", "ocsf-1.8.0-"+name+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		var schema map[string]any
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatal(err)
		}
		out[class] = schema
	}
	return out
}

// everyKind gives events of every kind, sparse and full, tame and hostile.
func everyKind() []*Event {
	var out []*Event
	for _, kind := range []Kind{
		KindDecision, KindAuthnFailure, KindRequestRejected, KindHeaderStripped, KindConfigReload, KindJWKSRefresh, KindIdPState, KindProcessStart, KindGap, KindCachePurge, KindSession, KindSecretLoaded, KindInsecureMode, KindFailOpen, "tomorrow",
	} {
		full := fullEvent()
		full.Kind = kind
		hostile := fullEvent()
		hostile.Kind, hostile.SourceIP, hostile.Subject, hostile.Tenant = kind, "1.2.3.4\r\n", "\x1b\u202e\xff\"}", strings.Repeat("\"", 3000)
		hostile.HTTP = &HTTP{Method: "BREW", Host: "\"", Path: "/\u2028"}
		hostile.Decision.Action, hostile.Decision.Reason, hostile.Issuer = "", "\n", "\x00"
		zone := fullEvent()
		zone.Kind, zone.SourceIP, zone.HTTP.Path = kind, "fe80::1%eth0", ""
		out = append(out, &Event{Kind: kind}, full, hostile, zone, &Event{Kind: kind, Decision: &engine.Decision{}, HTTP: &HTTP{}, SourceIP: "2001:db8::1"})
	}
	long := fullEvent()
	for range MaxLine / 20 {
		long.Decision.Matched = append(long.Decision.Matched, engine.RuleRef{Policy: "policy", Rule: "rule"})
	}
	out = append(out, long)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		e := ordinary()
		e.HTTP.Method = method
		out = append(out, e)
	}
	for _, e := range out {
		for i, in := range e.Inputs {
			if string(in.Value) == "-1e400" { // beyond what this test's decoder reads
				e.Inputs[i].Value = json.RawMessage("-1")
			}
		}
	}
	return out
}

// Every event is valid by the schema of its class, on one clean line, and holds
// the whole record.
func TestOCSF(t *testing.T) {
	schemas := ocsfSchemas(t)
	seen := map[float64]int{}
	for _, e := range everyKind() {
		line := OCSF.AppendTail(OCSF.AppendHead(nil, 7), e)
		wantOneLine(t, line)
		if len(line) > MaxLine {
			t.Errorf("%s: %d bytes", e.Kind, len(line))
		}
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		class, _ := event["class_uid"].(float64)
		schema := schemas[class]
		if schema == nil {
			t.Fatalf("there is no schema of class %v", class)
		}
		seen[class]++
		v := &validator{t: t, root: schema}
		if wrong := v.check(schema, event, "$"); wrong != "" {
			t.Errorf("%s: %s\n%.2000s", e.Kind, wrong, line)
		}
		for _, member := range []string{"class_uid", "time", "metadata", "severity_id"} {
			with := event[member]
			delete(event, member)
			if v.check(schema, event, "$") == "" {
				t.Errorf("%s: valid without %s", e.Kind, member)
			}
			event[member] = with
		}
		event["unheard_of"] = 1.0
		if v.check(schema, event, "$") == "" {
			t.Errorf("%s: valid with an unknown member", e.Kind)
		}
		wantWhole(t, e, event)
	}
	if len(seen) != 3 {
		t.Errorf("classes %v", seen)
	}
}

// wantWhole compares what OCSF has no place for with the record itself.
func wantWhole(t *testing.T, e *Event, event map[string]any) {
	t.Helper()
	var plain, inner map[string]any
	if err := json.Unmarshal(e.AppendJSON(nil), &plain); err != nil {
		t.Fatal(err)
	}
	delete(plain, "seq")
	unmapped, _ := event["unmapped"].(map[string]any)
	inner, _ = unmapped["gwctl"].(map[string]any)
	want, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(inner); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s holds %.500s, want %.500s (%v)", e.Kind, got, want, err)
	}
}

// validator judges by the keywords that the schemas of OCSF use, and fails at
// any other.
type validator struct {
	t    *testing.T
	root map[string]any
}

func (v *validator) check(schema, value any, at string) (wrong string) {
	s, ok := schema.(map[string]any)
	if !ok {
		v.t.Fatalf("schema %v", schema)
	}
	for _, keyword := range sortedKeys(s) {
		if wrong := v.keyword(s, keyword, value, at); wrong != "" {
			return wrong
		}
	}
	return ""
}

func sortedKeys(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (v *validator) keyword(s map[string]any, keyword string, value any, at string) string {
	want := s[keyword]
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(float64)
	ok := true
	switch keyword {
	case "$schema", "$id", "$defs", "title", "then":
	case "$ref":
		defs := v.root["$defs"].(map[string]any)
		return v.check(defs[strings.TrimPrefix(want.(string), "#/$defs/")], value, at)
	case "type":
		ok = want == "object" && isObject || want == "array" && isList || want == "string" && isText || want == "boolean" && (value == true || value == false) ||
			want == "integer" && isNumber && number == float64(int64(number)) || want == "number" && isNumber
	case "enum":
		ok = slices.Contains(want.([]any), value)
	case "const":
		ok = want == value
	case "pattern":
		ok = !isText || regexp.MustCompile(want.(string)).MatchString(text)
	case "maxLength":
		ok = !isText || utf8.RuneCountInString(text) <= int(want.(float64))
	case "minimum":
		ok = !isNumber || number >= want.(float64)
	case "maximum":
		ok = !isNumber || number <= want.(float64)
	case "required":
		for _, name := range want.([]any) {
			if _, has := object[name.(string)]; isObject && !has {
				return at + " has no " + name.(string)
			}
		}
	case "properties":
		for name, schema := range want.(map[string]any) {
			if member, has := object[name]; has {
				if wrong := v.check(schema, member, at+"."+name); wrong != "" {
					return wrong
				}
			}
		}
	case "additionalProperties":
		if want != false {
			v.t.Fatalf("additionalProperties: %v", want)
		}
		for name := range object {
			if _, has := s["properties"].(map[string]any)[name]; !has {
				return at + " has the unknown member " + name
			}
		}
	case "items":
		for _, item := range list {
			if wrong := v.check(want, item, at+"[]"); wrong != "" {
				return wrong
			}
		}
	case "contains":
		ok = !isList || slices.ContainsFunc(list, func(item any) bool { return v.check(want, item, at) == "" })
	case "allOf":
		for _, schema := range want.([]any) {
			if wrong := v.check(schema, value, at); wrong != "" {
				return wrong
			}
		}
	case "anyOf":
		ok = slices.ContainsFunc(want.([]any), func(schema any) bool { return v.check(schema, value, at) == "" })
	case "if":
		if v.check(want, value, at) == "" {
			return v.check(s["then"], value, at)
		}
	default:
		v.t.Fatalf("the schema has the keyword %s", keyword)
	}
	if !ok {
		return at + " breaks " + keyword
	}
	return ""
}
