package document

import (
	"fmt"
	"math/rand/v2"
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

// TestClosestOfMany: a search among too many words is not begun.
func TestClosestOfMany(t *testing.T) {
	words := make([]string, maxCandidates)
	for i := range words {
		words[i] = fmt.Sprintf("rule-%d", i)
	}
	if got, ok := Closest("rul-7", words); !ok || got != "rule-7" {
		t.Errorf("among %d: %q, %t", len(words), got, ok)
	}
	if got, ok := Closest("rul-7", append(words, "x")); ok {
		t.Errorf("among %d: %q", len(words)+1, got)
	}
}

// plainDistance is the textbook's recursion for optimal string alignment.
func plainDistance(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	cost := 1
	if a[len(a)-1] == b[len(b)-1] {
		cost = 0
	}
	d := min(plainDistance(a[:len(a)-1], b)+1, plainDistance(a, b[:len(b)-1])+1, plainDistance(a[:len(a)-1], b[:len(b)-1])+cost)
	if len(a) > 1 && len(b) > 1 && a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1] {
		d = min(d, plainDistance(a[:len(a)-2], b[:len(b)-2])+1)
	}
	return d
}

// TestEditDistance compares with the textbook on short random words, up to the
// limit.
func TestEditDistance(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func() []rune {
		out := make([]rune, rng.IntN(7))
		for i := range out {
			out[i] = []rune("abä")[rng.IntN(3)]
		}
		return out
	}
	near := 0
	for range 3000 {
		a, b, limit := word(), word(), rng.IntN(4)
		want := plainDistance(a, b)
		if got := editDistance(a, string(b), limit); got != want && (want <= limit || got <= limit) {
			t.Fatalf("%q and %q: %d, want %d (limit %d)", string(a), string(b), got, want, limit)
		}
		if want <= limit {
			near++
		}
	}
	if near < 300 {
		t.Errorf("only %d pairs are near", near)
	}
}
