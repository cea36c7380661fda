// Package policy holds what the files of a policy set say: the kinds as plain
// structs in which every value knows its place.
//
// Call [Load] with the bytes of a set's files. The package checks what can be
// checked without understanding conditions: keys, names, shapes, references
// between names of the same document. It runs no CEL, knows no HTTP server and
// reads no files; see policy/source for that.
package policy

import "github.com/gwctl/gwctl/policy/document"

// APIVersion is the version of the language that this package reads.
const APIVersion = "gwctl.dev/v1"

// Diagnostic is one finding. It is declared where files are read and is the
// only finding type of the product.
type Diagnostic = document.Diagnostic

// Diagnostics is a list of findings.
type Diagnostics = document.Diagnostics

// Text is a scalar with its place in the files.
type Text = document.Text

// NewText is a text that stands in no file.
func NewText(value string) Text { return document.NewText(value) }

// Span is a place in the files.
type Span = document.Span

// Place is where a value stands, kept small; its Span tells it in full.
type Place = document.Place

// Value is data whose type the Schema or a Resource declares.
type Value = document.Value
