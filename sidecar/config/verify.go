package config

import (
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/policy"
)

const mostVerify = 1_000_000_000

// verify reads which share of the decisions is evaluated once more. There is
// one spelling for each share.
func (r *reader) verify(t policy.Text) {
	if !t.IsSet() {
		return
	}
	digits, ok := strings.CutPrefix(t.Value(), "1/")
	n, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil || n == 0 || n > mostVerify || strconv.FormatUint(n, 10) != digits {
		r.w.Error(t.Span(), "bad_setting", "write 1/N with N from 1 to 1000000000, as in 1/1000, or leave it out", "verify: %q is no share of the decisions", t.Value())
		return
	}
	r.cfg.Verify = n
}
