package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// edit puts text in place of the expected headers that begin at a place.
type edit struct {
	at   policy.Span
	was  []policy.Label
	text string
}

// updateHeaders writes the headers that decisions have into the expectations
// that name other ones, and tells how many it wrote. It touches nothing of a
// case of which anything else is not as expected.
func updateHeaders(results []suite.Result) (int, policy.Diagnostics, error) {
	edits := map[string]map[document.Position]edit{}
	var found policy.Diagnostics
	for i := range results {
		r := &results[i]
		if len(r.Failures) != 1 || r.Failures[0].What != "headers" {
			continue
		}
		at := r.Case.Expect.HeadersSpan
		text := headersAsYAML(r.Decision.Obligations)
		if edits[at.Path] == nil {
			edits[at.Path] = map[document.Position]edit{}
		}
		if known, twice := edits[at.Path][at.Start]; twice && known.text != text {
			found = append(found, notUpdated(at, "the expectation stands for cases with different headers"))
			edits[at.Path][at.Start] = edit{at: at} // and is left as it is
			continue
		}
		edits[at.Path][at.Start] = edit{at, r.Case.Expect.Headers, text}
	}
	written := 0
	for _, path := range sortedKeys(edits) {
		n, problems, err := updateFile(path, edits[path])
		found = append(found, problems...)
		if err != nil {
			return written, found, err
		}
		written += n
	}
	return written, found, nil
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func notUpdated(at policy.Span, why string) policy.Diagnostic {
	return document.NewDiagnostic(at, document.Error, "not_updated", "the expected headers cannot be written: "+why).WithHint("write them by hand")
}

func updateFile(path string, edits map[document.Position]edit) (int, policy.Diagnostics, error) {
	before, err := readFile(path)
	if err != nil {
		return 0, nil, internal(fmt.Errorf("reading the suite to update: %w", err), "expectations in a bundle cannot be updated; give the directory")
	}
	var list []edit
	for _, e := range edits {
		if e.text != "" {
			list = append(list, e)
		}
	}
	// From the end, so that the places before stay where they are.
	slices.SortFunc(list, func(a, b edit) int {
		if a.at.Start.Line != b.at.Start.Line {
			return b.at.Start.Line - a.at.Start.Line
		}
		return b.at.Start.Column - a.at.Start.Column
	})
	text := []rune(string(before))
	var found policy.Diagnostics
	written := 0
	for _, e := range list {
		from, to, ok := flowMapping(text, e.at.Start)
		if !ok || !sameHeaders(text[from:to], e.was) {
			found = append(found, notUpdated(e.at, "they are not in braces, or a comment stands in these"))
			continue
		}
		text = slices.Concat(text[:from], []rune(e.text), text[to:])
		written++
	}
	after := []byte(string(text))
	if written == 0 || bytes.Equal(before, after) {
		return 0, found, nil
	}
	if _, problems := document.Parse(path, after); problems.HasErrors() {
		return 0, append(found, notUpdated(list[0].at, "the file would not be YAML any more")), nil
	}
	if err := rewrite(policy.File{Path: path, Data: before}, after); err != nil {
		return 0, found, internal(fmt.Errorf("writing the suite: %w", err), "check that the file can be written")
	}
	return written, found, nil
}

// flowMapping finds the mapping in braces that begins at a place.
func flowMapping(text []rune, at document.Position) (from, to int, ok bool) {
	line := 1
	for from < len(text) && line < at.Line {
		if text[from] == '\n' {
			line++
		}
		from++
	}
	from += at.Column - 1
	if from >= len(text) || text[from] != '{' {
		return 0, 0, false
	}
	depth := 0
	var quote, before rune // the last one that is no blank
	for i := from; i < len(text); i++ {
		r := text[i]
		switch {
		case quote == '"' && r == '\\', quote == '\'' && r == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++ // what follows is part of the text
			continue
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case (r == '"' || r == '\'') && strings.ContainsRune("{[,:", before): // elsewhere it is part of a word
			quote = r
		case r == '#' && (text[i-1] == ' ' || text[i-1] == '\t' || text[i-1] == '\n'):
			return 0, 0, false // a comment would be lost
		case r == '{':
			depth++
		case r == '}':
			if depth--; depth == 0 {
				return from, i + 1, true
			}
		}
		if r != ' ' && r != '\t' && r != '\n' && r != '\r' {
			before = r
		}
	}
	return 0, 0, false
}

// sameHeaders tells whether a text is the mapping of the headers that were expected,
// whole and nothing else: what was taken for it could reach further.
func sameHeaders(text []rune, want []policy.Label) bool {
	docs, found := document.Parse("", []byte("headers: "+string(text)))
	if found.HasErrors() || len(docs) != 1 {
		return false
	}
	var w document.Walker
	entries := w.Object(docs[0], "").Object("headers").Entries()
	if len(entries) != len(want) {
		return false
	}
	for i, e := range entries {
		if e.Key.Value() != want[i].Key.Value() || w.Value(e.Value, "").Text.Value() != want[i].Value.Value() {
			return false
		}
	}
	return !w.Found().HasErrors()
}

func headersAsYAML(list []engine.Obligation) string {
	var out []string
	for _, o := range list {
		out = append(out, http.CanonicalHeaderKey(o.Name)+": "+scalarAsYAML(o.Value))
	}
	slices.Sort(out)
	return "{" + strings.Join(out, ", ") + "}"
}

// scalarAsYAML quotes what YAML could take for anything but this text.
func scalarAsYAML(s string) string {
	plain := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
	words := []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
	if plain.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSpace(out.String())
}
