package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// github writes workflow commands, which GitHub shows beside the lines of a
// pull request, and the count.
func (t *Test) github(w io.Writer) error {
	var out strings.Builder
	for _, d := range t.Diagnostics {
		level := map[document.Severity]string{document.Error: "error", document.Warning: "warning", document.Info: "notice"}[d.Severity]
		command(&out, level, d.Path, d.Line, d.Column, d.Code, d.Message+hinted(d.Hint))
	}
	for i := range t.Tests {
		c := &t.Tests[i]
		switch {
		case c.Skipped:
			command(&out, "notice", c.Path, c.Line, c.Column, "skipped: "+c.FullName(), c.Skip)
		case !c.Passed:
			text := strings.Join(c.Failures, "\n")
			for _, l := range c.Lessons {
				text += "\n" + l.Title + ": " + l.Rule
				for _, s := range l.Stopped {
					text += "\n  stopped: " + s
				}
			}
			command(&out, "error", c.Path, c.Line, c.Column, c.FullName(), text)
		}
	}
	fmt.Fprintf(&out, "%s: %s\n", t.status(false), t.counts())
	_, err := io.WriteString(w, out.String())
	return err
}

func hinted(hint string) string {
	if hint == "" {
		return ""
	}
	return "\nhelp: " + hint
}

// command writes one workflow command. What a name or message holds cannot end
// it, nor begin another.
func command(out *strings.Builder, level, path string, line, column int, title, message string) {
	fmt.Fprintf(out, "::%s ", level)
	if path != "" && line > 0 {
		fmt.Fprintf(out, "file=%s,line=%d,col=%d,", property(path), line, column)
	}
	fmt.Fprintf(out, "title=%s::%s\n", property(title), data(message))
}

func data(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(strings.Join(lines, "\n"))
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
