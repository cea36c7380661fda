package suite

import (
	"encoding/json"
	"net/url"
	"strings"
)

// withhold puts a stand-in where a placeholder of the recorded route took a
// value from the host or the path, and tells whether one did. Without it the
// value that inputs withhold would stand in the request.
func (g *regression) withhold(name, standIn string) bool {
	if g.event.HTTP == nil {
		return false
	}
	_, pattern, _ := strings.Cut(g.d.Route, " ")
	host, path, _ := strings.Cut(pattern, "/")
	var text string
	if err := json.Unmarshal([]byte(standIn), &text); err != nil {
		text = standIn // a number or a bool
	}
	fresh, inPath := replaced(g.path, "/"+path, "/", name, url.PathEscape(text))
	g.path = fresh
	fresh, inHost := replaced(g.host, host, ".", name, strings.ToLower(text))
	g.host = fresh
	return inPath || inHost
}

// replaced puts a value in place of the parts of a text that a placeholder of
// the pattern stands for.
func replaced(text, pattern, separator, name, value string) (string, bool) {
	parts, names := strings.Split(text, separator), strings.Split(pattern, separator)
	for i, p := range names {
		switch {
		case i >= len(parts):
		case p == "{"+name+"}":
			parts[i] = value
			return strings.Join(parts, separator), true
		case p == "{"+name+"...}":
			return strings.Join(append(parts[:i:i], value), separator), true
		}
	}
	return text, false
}
