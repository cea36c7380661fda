package reply

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// HeaderStatus says which status an answer would have had where only some can
// be given.
const HeaderStatus = "X-Gwctl-Status"

// Narrow gives the answer for a proxy that passes on 401 and 403 and makes a
// 500 of everything else, as nginx's auth_request does. Any other status
// becomes 403, and HeaderStatus holds it.
func (a Answer) Narrow() Answer {
	if a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden {
		return a
	}
	out := Answer{Status: http.StatusForbidden, Header: a.Header.Clone(), Body: []byte("{}\n"), Reason: a.Reason}
	out.Header.Set(HeaderStatus, strconv.Itoa(a.Status))
	var p problem
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return out // not one of ours
	}
	p.Status, p.Title = out.Status, http.StatusText(out.Status)
	if body, err := json.Marshal(p); err == nil {
		out.Body = append(body, '\n')
	}
	return out
}
