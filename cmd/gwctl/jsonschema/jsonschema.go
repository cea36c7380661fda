// Package jsonschema writes the JSON Schemas of the documents that gwctl reads,
// one for each kind, and that of the records that it writes. Call [Generate] with the repository.
//
// The structure is a table, one file for each kind; the descriptions are the
// comments of the Go structs that the documents are read into, and patterns and
// lists are those of the reader. Tests hold the table to the reader, key by key,
// and docs/schema to the table. The package validates nothing and is no part of
// the binary: that embeds docs/schema.
package jsonschema

import (
	"io/fs"
)

// File is one schema. Name is its name in docs/schema.
type File struct {
	Name string
	Data []byte
}

// Generate gives the schemas, in the order of the kinds. repo is the root of
// the repository, whose Go files are read. The error names everything in the
// table that does not fit the source.
func Generate(repo fs.FS) ([]File, error) {
	kinds, err := documents(repo)
	if err != nil {
		return nil, err
	}
	t, err := newTable(repo)
	if err != nil {
		return nil, err
	}
	apart := []*node{t.apiKeysKind(), t.recordKind()}
	if err := t.err(); err != nil {
		return nil, err
	}
	var out []File
	for _, n := range append(kinds, apart...) {
		data, err := n.text()
		if err != nil {
			return nil, err
		}
		out = append(out, File{Name: fileName(n.Title), Data: data})
	}
	return out, nil
}

func documents(repo fs.FS) ([]*node, error) {
	t, err := newTable(repo)
	if err != nil {
		return nil, err
	}
	kinds := []*node{
		t.schemaKind(), t.resourceKind(), t.policyKind(), t.libraryKind(), t.directoryKind(), t.testSuiteKind(), t.sidecarKind(),
	}
	return kinds, t.err()
}
