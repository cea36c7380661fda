package format

import (
	"fmt"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Width is the longest line, in columns, that a condition may make before it
// is broken over several lines.
const Width = 100

// Source gives the canonical text of one file. Either the text is returned,
// or diagnostics that say what is wrong with the file, or an error: then the
// layout could not be changed without changing what the file says, which is a
// defect of this package and not of the file.
func Source(path string, data []byte) ([]byte, policy.Diagnostics, error) {
	cel, err := newGrammar()
	if err != nil {
		return nil, nil, fmt.Errorf("formatting %s: %w", path, err)
	}
	// A carriage return and line feed is one line break to the reader, too.
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	before, found := readPages(path, text)
	if found.HasErrors() {
		return nil, found.Sorted(), nil
	}
	r := &reader{path: path, src: text, cel: cel}
	pages := r.pages(before)
	switch {
	case r.found.HasErrors():
		return nil, r.found.Sorted(), nil
	case r.err != nil:
		return nil, nil, r.err
	}
	w := &writer{}
	w.pages(pages)
	if err := verify(cel, path, before, r.comments, w.buf); err != nil {
		return nil, nil, err
	}
	return w.buf, nil, nil
}

// content is one document as the strict reader understands it.
type content struct {
	kind string
	root policy.Value
}

// readPages reads a file's documents. What cannot be a gwctl document is
// refused, so that a directory may hold other YAML without having it changed.
func readPages(path, text string) ([]content, policy.Diagnostics) {
	docs, found := document.Parse(path, []byte(text))
	var w document.Walker
	var out []content
	for _, d := range docs {
		o := w.Object(d, "a document")
		version, kind := o.Text("apiVersion"), o.Text("kind")
		o.Require("apiVersion", "kind")
		if version.IsSet() && version.Value() != policy.APIVersion {
			w.Error(version.Span(), "unknown_version", "write apiVersion: "+policy.APIVersion, "apiVersion %q is not known", version.Value())
		}
		if d.IsMap() {
			out = append(out, content{kind: kind.Value(), root: w.Value(d, "a document")})
		}
	}
	found = append(found, w.Found()...)
	return out, found
}

// findingAt reports something at an offset of a text.
func findingAt(path, text string, offset int, code, what, hint string) policy.Diagnostic {
	line, column := placeOf(text, offset)
	at := policy.Span{Path: path, Start: document.Position{Line: line, Column: column}, End: document.Position{Line: line, Column: column + 1}}
	d := document.NewDiagnostic(at, document.Error, code, what).WithHint(hint)
	d.SourceLine, _, _ = strings.Cut(text[strings.LastIndexByte(text[:offset], '\n')+1:], "\n")
	return d
}

// placeOf gives the line and column of an offset, 1-based, in runes.
func placeOf(text string, offset int) (line, column int) {
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	return strings.Count(text[:offset], "\n") + 1, runes(text[start:offset]) + 1
}
