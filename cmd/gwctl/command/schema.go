package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/docs/schema"
	"github.com/gwctl/gwctl/policy/document"
)

func newSchema(s Streams) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "schema [KIND]", Short: "Print the JSON Schema of a kind of document, for editors",
		Long: `Prints the JSON Schema (draft 2020-12) of documents of one KIND; without KIND it
lists the kinds. An editor with a schema completes keys and marks slips while you
type. What needs other documents or CEL is found by policy lint.`,
		Example: "  gwctl schema\n  gwctl schema policy > policy.schema.json",
		Args:    argCount(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return runSchema(s, args, output)
		},
	}
	outputFlag(c, &output)
	return c
}

func runSchema(s Streams, args []string, output string) error {
	all, err := schema.All()
	if err != nil {
		return internal(err, "please report this")
	}
	out := report.Schema{Envelope: report.NewEnvelope("schema")}
	if len(args) == 1 {
		i := slices.IndexFunc(all, func(x schema.Schema) bool { return strings.EqualFold(x.Kind, args[0]) })
		if i < 0 {
			return noKind(args[0], all)
		}
		all = all[i : i+1]
	}
	for _, x := range all {
		entry := report.KindSchema{Kind: x.Kind, File: x.File, URL: x.URL, Description: x.Description}
		if len(args) == 1 {
			entry.Schema = x.Text
		}
		out.Schemas = append(out.Schemas, entry)
	}
	if err := out.Write(s.Out, output); err != nil {
		return internal(err, "")
	}
	return nil
}

// noKind refuses a kind that does not exist, in whatever case it was written.
func noKind(name string, all []schema.Schema) error {
	var kinds, lower []string
	for _, x := range all {
		kinds, lower = append(kinds, x.Kind), append(lower, strings.ToLower(x.Kind))
	}
	hint := "kinds are " + strings.Join(kinds, ", ")
	if near, ok := document.Closest(strings.ToLower(name), lower); ok {
		hint = fmt.Sprintf("did you mean gwctl schema %s?", kinds[slices.Index(lower, near)])
	}
	return usage(hint, "there is no kind %q", name)
}
