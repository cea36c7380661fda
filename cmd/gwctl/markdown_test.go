package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// markdown is a page of the documentation, as far as tests look at one.
type markdown struct {
	name     string
	lines    []string
	sections []markdownSection
	blocks   []markdownBlock
	links    []markdownLink
	defined  map[string]string // what [name] leads to
}

// markdownSection is a heading with the tables below it.
type markdownSection struct {
	line   int
	anchor string
	tables []markdownTable
}

// markdownTable is a table: the names of its columns, and its rows.
type markdownTable struct {
	header []string
	rows   []markdownRow
}

type markdownRow struct {
	line  int
	cells []string
}

// markdownBlock is a fenced block. Before is the paragraph above it.
type markdownBlock struct {
	line   int
	info   string
	text   string
	before string
}

// markdownLink is [text](to), or [name] with a definition at the end.
type markdownLink struct {
	line int
	to   string // "" for [name]
	name string
}

// languagePage is docs/language.md.
func languagePage(t *testing.T) *markdown {
	t.Helper()
	return parseMarkdown("docs/language.md", readText(t, filepath.Join(root, "docs", "language.md")))
}

var (
	headingForm    = regexp.MustCompile(`^#{1,6} (.*)$`)
	definitionForm = regexp.MustCompile(`^\[([^\]]+)\]: (\S+)$`)
	linkForm       = regexp.MustCompile(`\[([^\[\]]+)\](?:\(([^()\s]+)\))?`)
	codeSpan       = regexp.MustCompile("`([^`]+)`")
)

// parseMarkdown reads a page. Lines are counted from 1.
func parseMarkdown(name, text string) *markdown {
	p := &markdown{name: name, lines: strings.Split(text, "\n"), defined: map[string]string{}}
	var open *markdownBlock
	var body, above []string
	table := false
	for i, line := range p.lines {
		fence := strings.HasPrefix(line, "```")
		switch {
		case open != nil && line == "```":
			open.text = strings.Join(body, "\n") + "\n"
			p.blocks, open, body, above = append(p.blocks, *open), nil, nil, nil
		case open != nil:
			body = append(body, line)
		case fence:
			open = &markdownBlock{line: i + 1, info: strings.TrimPrefix(line, "```"), before: strings.Join(above, " ")}
		case strings.HasPrefix(line, "|"):
			p.tableLine(i+1, line, table)
		default:
			p.textLine(i+1, line)
			if strings.TrimSpace(line) != "" {
				above = append(above, line)
			} else if i+1 < len(p.lines) && !strings.HasPrefix(p.lines[i+1], "```") {
				above = nil
			}
		}
		table = open == nil && strings.HasPrefix(line, "|")
	}
	return p
}

func (p *markdown) textLine(n int, line string) {
	if m := headingForm.FindStringSubmatch(line); m != nil {
		p.sections = append(p.sections, markdownSection{line: n, anchor: anchorOf(m[1])})
	}
	if m := definitionForm.FindStringSubmatch(line); m != nil {
		p.defined[m[1]] = m[2]
		return
	}
	p.linksOf(n, line)
}

func (p *markdown) tableLine(n int, line string, goesOn bool) {
	p.linksOf(n, line)
	cells := splitRow(line)
	if len(p.sections) == 0 {
		p.sections = append(p.sections, markdownSection{})
	}
	s := &p.sections[len(p.sections)-1]
	switch {
	case !goesOn:
		s.tables = append(s.tables, markdownTable{header: cells})
	case strings.Trim(line, "|-: ") != "":
		last := &s.tables[len(s.tables)-1]
		last.rows = append(last.rows, markdownRow{line: n, cells: cells})
	}
}

func (p *markdown) linksOf(n int, line string) {
	for _, m := range linkForm.FindAllStringSubmatch(codeSpan.ReplaceAllString(line, "`x`"), -1) {
		p.links = append(p.links, markdownLink{line: n, name: m[1], to: m[2]})
	}
}

// splitRow gives the cells of a line of a table; \| is no end of one.
func splitRow(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, bar)
	if strings.HasSuffix(line, `\`) {
		line = strings.TrimSuffix(line, `\`) + bar // Trim took the bar of the last \|
	}
	var out []string
	for cell := range strings.SplitSeq(line, "|") {
		out = append(out, strings.ReplaceAll(strings.TrimSpace(cell), bar, "|"))
	}
	return out
}

// anchorOf is how a heading is linked to: in lower case, blanks as hyphens,
// without punctuation.
func anchorOf(heading string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(strings.ReplaceAll(heading, "`", "")) {
		switch {
		case r == ' ':
			out.WriteByte('-')
		case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 0x7f:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// codeSpans gives what stands in backticks.
func codeSpans(text string) []string {
	var out []string
	for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// table finds the table of a section by the name of its first column.
func (p *markdown) table(t *testing.T, anchor, first string) markdownTable {
	t.Helper()
	for _, s := range p.sections {
		for _, table := range s.tables {
			if s.anchor == anchor && table.header[0] == first {
				return table
			}
		}
	}
	t.Fatalf("%s has no table of %q under #%s", p.name, first, anchor)
	return markdownTable{}
}

// TestParseMarkdown proves the reading of pages.
func TestParseMarkdown(t *testing.T) {
	p := parseMarkdown("x.md", "# The `one`\n\nSee [a](b.md#c), [bad_name] and `[0]`.\n\n| key | x |\n|---|---|\n| `a` | `p \\|\\| q` [one](#the-one) |\n| b | |\n\n"+
		"| other |\n|---|\n\nWrite `f`:\n\n```yaml set=x\n# no heading\n[no](link)\n```\n\n[bad_name]: d.md#bad_name\n")
	if len(p.sections) != 1 || p.sections[0].anchor != "the-one" || len(p.sections[0].tables) != 2 {
		t.Fatalf("sections: %+v", p.sections)
	}
	table := p.table(t, "the-one", "key")
	if len(table.rows) != 2 || table.rows[0].cells[1] != "`p || q` [one](#the-one)" || table.rows[1].line != 8 || table.rows[1].cells[0] != "b" {
		t.Errorf("rows: %+v", table.rows)
	}
	if len(p.blocks) != 1 || p.blocks[0].info != "yaml set=x" || p.blocks[0].text != "# no heading\n[no](link)\n" || p.blocks[0].before != "Write `f`:" || p.blocks[0].line != 15 {
		t.Errorf("blocks: %+v", p.blocks)
	}
	if len(p.links) != 3 || p.links[0].to != "b.md#c" || p.links[1].name != "bad_name" || p.links[1].to != "" || p.links[2].line != 7 {
		t.Errorf("links: %+v", p.links)
	}
	if p.defined["bad_name"] != "d.md#bad_name" || len(p.defined) != 1 {
		t.Errorf("definitions: %q", p.defined)
	}
	if got := codeSpans("`a` b `c d`"); len(got) != 2 || got[1] != "c d" {
		t.Errorf("code spans: %q", got)
	}
}
