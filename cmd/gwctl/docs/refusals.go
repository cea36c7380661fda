package docs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/sidecar/reply"
)

// Refusals is docs/refusals.md: every reason code that gwctl itself gives, with
// what clients are told and what to do.
func Refusals() string {
	w := &strings.Builder{}
	w.WriteString(generated + "# Refusals\n\n")
	w.WriteString("Every answer that does not let a request through has a reason code, in `code` of the problem document and in the record. Codes are\n" +
		"stable. A rule's own `reason` has the code, text and status that the policy gives it, and none of these.\n")
	for _, area := range reply.Refusals() {
		fmt.Fprintf(w, "\n## %s\n", area.Title)
		for _, r := range area.Refusals {
			fmt.Fprintf(w, "\n### %s\n\n", r.Code)
			if len(r.Statuses) > 0 {
				var statuses []string
				for _, s := range r.Statuses {
					statuses = append(statuses, strconv.Itoa(s))
				}
				fmt.Fprintf(w, "%s: “%s”\n\n", strings.Join(statuses, ", "), r.Detail)
			}
			fmt.Fprintf(w, "%s %s\n", r.Cause, r.Mend)
		}
	}
	return w.String()
}
