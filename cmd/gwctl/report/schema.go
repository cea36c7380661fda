package report

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// Schema is the output of `schema`.
type Schema struct {
	Envelope
	Schemas []KindSchema  `json:"schemas"`
	Summary SchemaSummary `json:"summary"`
}

// KindSchema is the JSON Schema of one kind. Without Schema it is an entry of
// the list.
type KindSchema struct {
	Kind        string          `json:"kind"`
	File        string          `json:"file"`
	URL         string          `json:"url"`
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"schema,omitempty"`
}

// SchemaSummary counts the schemas.
type SchemaSummary struct {
	Schemas int `json:"schemas"`
}

// Write prints the list, or the text of a schema alone.
func (s *Schema) Write(w io.Writer, format string) error {
	s.Summary.Schemas = len(s.Schemas)
	if format == "json" {
		return writeJSON(w, s)
	}
	if len(s.Schemas) == 1 && s.Schemas[0].Schema != nil {
		_, err := w.Write(s.Schemas[0].Schema)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range s.Schemas {
		fmt.Fprintf(table, "%s\t%s\t%s\n", k.Kind, k.File, k.Description)
	}
	return table.Flush()
}
