package reply

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
)

// isBrowser tells whether a person looks at the answer: the request prefers HTML
// by name, and is no request of a script (Fetch Metadata, section 2.3).
func isBrowser(r *http.Request) bool {
	if mode := r.Header.Values("Sec-Fetch-Mode"); len(mode) > 1 || len(mode) == 1 && mode[0] != "navigate" {
		return false
	}
	wanted, other := 0.0, 0.0
	for _, line := range r.Header["Accept"] {
		for part := range strings.SplitSeq(line, ",") {
			kind, params, _ := strings.Cut(part, ";")
			switch q := quality(params); strings.ToLower(strings.Trim(kind, " \t")) {
			case "text/html":
				wanted = max(wanted, q)
			case "application/json", "application/problem+json":
				other = max(other, q)
			}
		}
	}
	return wanted > other
}

// quality is the weight among the parameters of a media range (RFC 9110 section
// 12.4.2). What cannot be read weighs nothing.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(strings.Trim(p, " \t"), "=")
		if !ok || !strings.EqualFold(name, "q") {
			continue
		}
		q, err := strconv.ParseFloat(value, 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// page shows a problem document to a person. It loads nothing and runs nothing.
func (a Answer) page() []byte {
	var p problem
	if err := json.Unmarshal(a.Body, &p); err != nil {
		p = problem{}
	}
	title := fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title></head>\n<body>\n<h1>%s</h1>\n", html.EscapeString(title), html.EscapeString(title))
	for _, line := range [...][2]string{{"", p.Detail}, {"Code: ", p.Code}, {"Request: ", p.Instance}} {
		if line[1] != "" {
			fmt.Fprintf(&b, "<p>%s%s</p>\n", line[0], html.EscapeString(line[1]))
		}
	}
	b.WriteString("</body>\n</html>\n")
	return []byte(b.String())
}
