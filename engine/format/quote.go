package format

import "strings"

// inYAML writes a condition as a YAML scalar on one line: plain where YAML
// reads that as the same text, else in quotes that need no escapes. ok is
// false if there is no such spelling; inside a flow collection there always is.
func inYAML(text string, flow bool) (scalar string, ok bool) {
	switch {
	case plain(text, flow):
		return text, true
	case !strings.ContainsAny(text, `"\`):
		return `"` + text + `"`, true
	case !strings.Contains(text, "'"):
		return "'" + text + "'", true
	case flow:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`, true
	}
	return "", false
}

// plain tells whether YAML reads a text without quotes as itself.
func plain(text string, flow bool) bool {
	switch text {
	case "", "~", "null", "Null", "NULL", "<<", "=", "-", "---", "...":
		return false
	}
	switch {
	case strings.ContainsRune("?:,[]{}#&*!|>'\"%@`", rune(text[0])), strings.HasPrefix(text, "- "):
		return false
	case strings.Contains(text, ": "), strings.Contains(text, " #"), strings.HasSuffix(text, ":"):
		return false
	}
	return !flow || !strings.ContainsAny(text, ",[]{}?:")
}
