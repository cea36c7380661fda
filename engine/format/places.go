package format

import "github.com/gwctl/gwctl/policy"

// expressions says where conditions stand in the documents of a kind: the
// keys on the way to them, * for any key and - for any item.
func expressions(kind string) [][]string {
	switch kind {
	case policy.KindPolicy, policy.KindLibrary:
		return [][]string{
			{"spec", "vars", "*"},
			{"spec", "rules", "-", "when"},
			{"spec", "rules", "-", "obligations", "set_headers", "*"},
		}
	case policy.KindSidecar:
		return [][]string{{"spec", "authn", "-", "*", "attributes", "*"}}
	}
	return nil
}

// trail is a place in a document: the rest of the ways that lead from
// here to conditions.
type trail struct{ ways [][]string }

func trailOf(kind string) trail { return trail{expressions(kind)} }

func (t trail) key(name string) trail {
	return t.follow(func(head string) bool { return head == name || head == "*" })
}

func (t trail) item() trail {
	return t.follow(func(head string) bool { return head == "-" })
}

func (t trail) follow(fits func(head string) bool) trail {
	var out trail
	for _, w := range t.ways {
		if len(w) > 0 && fits(w[0]) {
			out.ways = append(out.ways, w[1:])
		}
	}
	return out
}

// expression tells whether the value here is a condition.
func (t trail) expression() bool {
	for _, w := range t.ways {
		if len(w) == 0 {
			return true
		}
	}
	return false
}
