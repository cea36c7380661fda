package explain

import (
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
)

// inapplicable says what a rule needs that was not asked because the request
// has none of it; "" for a rule that was asked.
func (w *walker) inapplicable(rule *engine.Rule) string {
	needs, ok := w.r.Inapplicable(rule)
	if !ok {
		return ""
	}
	const most = 3
	var out []string
	for _, n := range needs[:min(len(needs), most)] {
		if n.Value.Kind() == slot.Invalid {
			continue
		}
		attr := w.r.Values().Layout().Attr(n.Slot)
		value := n.Value.Text()
		if n.Value.Kind() == slot.String {
			value = strconv.Quote(value)
		}
		if attr.Type.Kind == slot.List {
			out = append(out, value+" in "+attr.FullName())
			continue
		}
		out = append(out, attr.FullName()+" == "+value)
	}
	text := strings.Join(out, " || ")
	if len(needs) > most {
		text += " || …"
	}
	return text + " is false"
}
