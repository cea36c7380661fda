package policy

import (
	"regexp"
	"slices"

	"github.com/gwctl/gwctl/policy/document"
)

// The kinds of documents.
const (
	KindSchema    = "Schema"
	KindResource  = "Resource"
	KindPolicy    = "Policy"
	KindDirectory = "Directory"
	KindTestSuite = "TestSuite"
	KindSidecar   = "Sidecar"
)

var kinds = []string{KindSchema, KindResource, KindPolicy, KindLibrary, KindDirectory, KindTestSuite, KindSidecar}

var (
	nameForm  = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	identForm = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
)

const maxName = 128

// celWords cannot be selected as fields in CEL.
var celWords = []string{
	"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
	"namespace", "null", "package", "return", "true", "var", "void", "while",
}

// Header is what every document begins with.
type Header struct {
	Name Text
	*About
}

// About is what a document says about itself to people. It is never nil.
type About struct {
	Description Text
	Owner       Text
	Labels      []Label
}

// Label is one entry of metadata.labels.
type Label struct{ Key, Value Text }

func readHeader(w *reader, kind Text, root *document.Object) Header {
	var h Header
	version := root.Text("apiVersion")
	root.Require("apiVersion", "kind", "metadata", "spec")
	if version.IsSet() && version.Value() != APIVersion {
		w.Error(version.Span(), "unknown_version", "write apiVersion: "+APIVersion, "apiVersion %q is not known", version.Value())
	}
	meta := root.Object("metadata")
	if h.Name = meta.Text("name"); kind.Value() != KindLibrary { // conditions read a library by its name
		checkName(w, h.Name)
	}
	about := About{Description: meta.Text("description"), Owner: meta.Text("owner")}
	for _, e := range meta.Object("labels").Entries() {
		about.Labels = append(about.Labels, Label{Key: e.Key, Value: w.Text(e.Value, "label "+e.Key.Value())})
	}
	h.About = kept(&about, &w.empty.about, !about.Description.IsSet() && !about.Owner.IsSet() && len(about.Labels) == 0)
	meta.Require("name")
	meta.Done()
	return h
}

func readName(w *reader, o *document.Object, key string) Text {
	t := o.Text(key)
	checkName(w, t)
	return t
}

// checkName holds a text to the form of names that CEL never reads.
func checkName(w *reader, t Text) {
	if t.IsSet() && (!nameForm.MatchString(t.Value()) || len(t.Value()) > maxName) {
		w.Error(t.Span(), "bad_name", "use lower-case letters, digits and -, beginning with a letter", "%q is not a name", t.Value())
	}
}

// checkLength bounds a name that may have any form.
func checkLength(w *reader, t Text) {
	if len(t.Value()) > maxName {
		w.Error(t.Span(), "bad_name", "choose a shorter name", "a name has at most %d bytes, not %d", maxName, len(t.Value()))
	}
}

// checkIdent holds a text to the form of names that CEL reads.
func checkIdent(w *reader, t Text) {
	if t.IsSet() && (!identForm.MatchString(t.Value()) || len(t.Value()) > maxName) {
		w.Error(t.Span(), "bad_name", "use lower-case letters, digits and _, beginning with a letter", "%q is not a name that conditions can read", t.Value())
	}
	if slices.Contains(celWords, t.Value()) {
		w.Error(t.Span(), "bad_name", "choose another name", "%q is a reserved word of CEL", t.Value())
	}
}
