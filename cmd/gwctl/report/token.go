package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Token is the output of `token inspect`.
type Token struct {
	Envelope
	Summary TokenSummary `json:"summary"`
}

// TokenSummary is a token taken apart. Nothing of it is verified.
type TokenSummary struct {
	Header  json.RawMessage `json:"header,omitempty"`
	Claims  json.RawMessage `json:"claims,omitempty"`
	Refused string          `json:"refused,omitempty"` // why it is no JWT
	Bound   *TokenBinding   `json:"bound,omitempty"`   // what it is bound to, none if whoever has it may use it
	Times   []TokenTime     `json:"times"`
	Methods []TokenMethod   `json:"methods"` // of the configuration, none without one
	Unknown []string        `json:"unknown"` // what cannot be told without asking anybody
}

// TokenBinding is what a token is bound to.
type TokenBinding struct {
	To         string `json:"to"` // "dpop_key", "certificate" or "unknown", which is refused
	Thumbprint string `json:"thumbprint,omitempty"`
}

// words say what has to come with the token.
func (b *TokenBinding) words() string {
	switch b.To {
	case "dpop_key":
		return "to a DPoP key, SHA-256 " + b.Thumbprint + ": each request needs a proof"
	case "certificate":
		return "to a client certificate, SHA-256 " + b.Thumbprint + ": the connection needs it"
	}
	return "to something that gwctl does not know, and refuses"
}

// TokenTime is a time of the token in words.
type TokenTime struct {
	Claim string `json:"claim"`
	At    string `json:"at"` // RFC 3339
	Words string `json:"words"`
}

// TokenMethod is what a configured method would do with the token.
type TokenMethod struct {
	Method string `json:"method"`
	Name   string `json:"name"`
	Takes  bool   `json:"takes"`
	Reason string `json:"reason,omitempty"` // a reason code
	Detail string `json:"detail,omitempty"`
}

// Write prints the token.
func (t *Token) Write(w io.Writer, format string) error {
	if format == "json" {
		return writeJSON(w, t)
	}
	var b strings.Builder
	for _, part := range []struct {
		name string
		text json.RawMessage
	}{{"header", t.Summary.Header}, {"claims", t.Summary.Claims}} {
		if part.text == nil {
			continue
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, part.text, "", "  "); err != nil {
			return fmt.Errorf("writing the %s: %w", part.name, err)
		}
		fmt.Fprintf(&b, "%s\n", part.name)
		for line := range strings.SplitSeq(pretty.String(), "\n") {
			fmt.Fprintf(&b, "  %s\n", visible(line))
		}
	}
	if t.Summary.Refused != "" {
		fmt.Fprintf(&b, "no JWT     %s\n", t.Summary.Refused)
	}
	if t.Summary.Bound != nil {
		fmt.Fprintf(&b, "%-10s %s\n", "bound", t.Summary.Bound.words())
	}
	for _, at := range t.Summary.Times {
		fmt.Fprintf(&b, "%-10s %s, %s\n", at.Claim, at.At, at.Words)
	}
	for _, m := range t.Summary.Methods {
		verdict := "would take it, if the signature is good"
		if t.Summary.Bound != nil {
			verdict = "would take it, if the signature is good and what it is bound to is shown"
		}
		if m.Method == "introspection" {
			verdict = "would be asked about it"
		}
		if !m.Takes {
			verdict = "would not take it: " + m.Reason + " (" + m.Detail + ")"
		}
		fmt.Fprintf(&b, "%-10s %s\n           %s\n", m.Method, m.Name, verdict)
	}
	for _, what := range t.Summary.Unknown {
		fmt.Fprintf(&b, "not known  %s\n", visible(what))
	}
	b.WriteString("nothing was verified, and the token was sent nowhere\n")
	_, err := io.WriteString(w, b.String())
	return err
}
