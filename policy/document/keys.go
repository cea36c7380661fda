package document

import (
	"fmt"
	"strings"
)

// keySet finds keys that stand twice. Most mappings have few, and need no map.
type keySet struct {
	few  []*Node // keys and values
	many map[string]bool
}

// before tells whether the text of the key at a place was a key before it.
func (k *keySet) before(at int) bool {
	value := k.few[at].value
	if k.many != nil {
		twice := k.many[value]
		k.many[value] = true
		return twice
	}
	for i := 0; i < at; i += 2 {
		if k.few[i].kind == scalarNode && k.few[i].value == value {
			return true
		}
	}
	return false
}

// mostHints is how many unknown keys of one mapping get a close match, and how
// many known keys are listed: a search for each of thousands would take long.
const mostHints = 24

// unknownKeys finds what to say beside the unknown keys of one mapping.
type unknownKeys struct {
	count int
	known []string // each once, in the order in which they were asked for
}

func (u *unknownKeys) hint(key string, asked []string) string {
	if u.count == 0 {
		seen := make(map[string]bool, len(asked))
		for _, k := range asked {
			if !seen[k] {
				seen[k] = true
				u.known = append(u.known, k)
			}
		}
	}
	if u.count++; u.count <= mostHints {
		if near, ok := Closest(key, u.known); ok {
			return fmt.Sprintf("did you mean %q?", near)
		}
	}
	if len(u.known) > 0 && len(u.known) <= mostHints {
		return "known here: " + strings.Join(u.known, ", ")
	}
	return ""
}
