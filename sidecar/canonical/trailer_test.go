package canonical

import (
	"strings"
	"testing"
)

func TestTrailer(t *testing.T) {
	r, err := New(Options{Identity: []string{"X-Own"}, AllowedNames: []string{"X_Sum"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, value string
		pass, ok    bool
	}{
		{"X-Checksum", "a", true, true},
		{"Grpc-Status", "0", true, true},
		{"X_sum", "a", true, true}, // as net/http spells it
		{"X_other", "a", false, true},
		{"Keep-Alive", "a", false, true},
		{"Connection", "close", false, true},
		{"X-User-Id", "a", false, false},
		{"X_user_id", "a", false, false},
		{"X-Own", "a", false, false},
		{"x.own", "a", false, false},
		{"X-Forwarded-For", "a", false, false},
		{"Authorization", "a", false, false},
		{"Content-Length", "1", false, false},
		{"Cookie", "a", false, false},
		{"Host", "a", false, false},
		{"X Y", "a", false, false},
		{"", "a", false, false},
		{"X-Checksum", "a\x00", false, false},
		{"X-Checksum", "\xff", false, false},
		{"X-Checksum", strings.Repeat("a", MaxHeaderBytes), false, false},
	} {
		if pass, ok := r.Trailer(tt.name, []string{tt.value}); pass != tt.pass || ok != tt.ok {
			t.Errorf("%q: %.20q: %v, %v", tt.name, tt.value, pass, ok)
		}
	}
}
