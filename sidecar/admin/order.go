package admin

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/reply"
)

const (
	maxOrder = 4 << 10 // bytes of a body
	maxValue = 1 << 10 // bytes of one value in it
)

// order is what the body of a change says.
type order struct {
	issuer, id, subject, session string
	all                          bool
}

func invalid(status int, detail string) *refusal {
	return &refusal{status: status, reason: reply.ReasonAdminInvalid, detail: detail}
}

func itoa(n int) string { return strconv.Itoa(n) }

// readOrder reads a body of JSON. A page can send no other type across origins
// without being asked first, so the type is required.
func readOrder(w http.ResponseWriter, r *http.Request) (order, *refusal) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || len(r.Header["Content-Type"]) != 1 || r.Header.Get("Content-Encoding") != "" {
		return order{}, invalid(http.StatusUnsupportedMediaType, "content_type")
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return order{}, invalid(http.StatusUnsupportedMediaType, "content_type")
		}
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return order{}, invalid(http.StatusRequestEntityTooLarge, "body")
	}
	var o order
	if err == nil {
		o, err = parseOrder(data)
	}
	if err != nil {
		return order{}, invalid(http.StatusBadRequest, "body")
	}
	return o, nil
}

var errOrder = errors.New("the body is no order")

// parseOrder reads one object of texts and one boolean: no other member, none
// twice, none in another spelling, nothing after it.
func parseOrder(data []byte) (order, error) {
	var o order
	if !utf8.Valid(data) {
		return o, errOrder
	}
	texts := map[string]*string{"iss": &o.issuer, "jti": &o.id, "sub": &o.subject, "sid": &o.session}
	d := json.NewDecoder(strings.NewReader(string(data)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return o, errOrder
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return o, errOrder
		}
		value, err := d.Token()
		key, _ := name.(string)
		if err != nil || seen[key] {
			return o, errOrder
		}
		seen[key] = true
		if into := texts[key]; into != nil {
			text, ok := value.(string)
			if !ok || text == "" || len(text) > maxValue {
				return o, errOrder
			}
			*into = text
			continue
		}
		if key != "all" || value != true {
			return o, errOrder
		}
		o.all = true
	}
	if _, err := d.Token(); err != nil {
		return o, errOrder
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return o, errOrder
	}
	return o, nil
}

// whose tells which tokens an order means: those of one jti, sub or sid, of a
// session named by sub and sid, or all. Nothing is meant by default.
func (o order) whose(issuer bool) (authn.Whose, *refusal) {
	w := authn.Whose{ID: o.id, Subject: o.subject, Session: o.session}
	named := w != (authn.Whose{})
	switch {
	case named == o.all, o.id != "" && (o.subject != "" || o.session != ""):
		return authn.Whose{}, invalid(http.StatusBadRequest, "body")
	case issuer && o.issuer == "":
		return authn.Whose{}, invalid(http.StatusBadRequest, "iss")
	}
	return w, nil
}

func (o order) issuerOnly() *refusal {
	if o != (order{issuer: o.issuer}) {
		return invalid(http.StatusBadRequest, "body")
	}
	return nil
}
