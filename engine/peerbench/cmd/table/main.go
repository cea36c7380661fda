// Command table turns the output of several rounds of `go test -bench` of
// peerbench into Markdown tables of medians and ratios.
//
// Run it as `table FILE` to print the tables, or as `table -w PAGE FILE` to put
// them between the markers of a page. `make bench-engine` does the latter. It
// measures nothing, and shows a dash for what was not measured.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	page := flag.String("w", "", "page whose tables are replaced")
	flag.Parse()
	if err := run(*page, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(page string, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one file of benchmark output is wanted, not %d", len(args))
	}
	in, err := os.Open(args[0])
	if err != nil {
		return fmt.Errorf("opening the benchmark output: %w", err)
	}
	defer in.Close()
	r, err := readResults(in)
	if err != nil {
		return err
	}
	text := r.markdown()
	if page == "" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	before, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	after, err := replaceTables(string(before), text)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return os.WriteFile(page, []byte(after), 0o644)
}
