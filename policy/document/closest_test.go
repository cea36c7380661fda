package document

import (
	"strings"
	"testing"
)

func TestClosest(t *testing.T) {
	keys := []string{"actions", "effect", "id", "roles", "scopes", "when"}
	tests := []struct {
		word       string
		candidates []string
		want       string // "" for none
	}{
		{"efect", keys, "effect"},
		{"effects", keys, "effect"},
		{"effcet", keys, "effect"},
		{"role", keys, "roles"},
		{"scope", keys, "scopes"},
		{"When", keys, "when"},
		{"wehn", keys, "when"},
		{"axtionz", keys, "actions"}, // two of seven
		{"axtionzz", keys, ""},       // three of eight: more than a third
		{"wxyn", keys, ""},           // two of four
		{"di", keys, "id"},
		{"i", keys, ""}, // a single letter is near to anything
		{"", keys, ""},
		{"xy", keys, ""},
		{"when", nil, ""},
		{"bat", []string{"cat", "bad"}, "bad"}, // equally near: the first by name
		{"bat", []string{"bad", "cat"}, "bad"},
		{"größe", []string{"grosse", "grösse", "größen"}, "größen"},
		{"ääääää", []string{"ääbbbb"}, ""}, // letters count, not bytes
		{strings.Repeat("a", maxWord+1), []string{strings.Repeat("a", maxWord)}, ""},
		{strings.Repeat("a", maxWord), []string{strings.Repeat("a", maxWord-1)}, strings.Repeat("a", maxWord-1)},
	}
	for _, tt := range tests {
		got, ok := Closest(tt.word, tt.candidates)
		if !ok {
			got = ""
		}
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Closest(%.20q) = %.20q, %t, want %.20q", tt.word, got, ok, tt.want)
		}
	}
}
