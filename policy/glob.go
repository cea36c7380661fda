package policy

import "strings"

// IsGlob tells whether a name of a suite stands for several.
func IsGlob(name string) bool { return strings.Contains(name, "*") }

// MatchGlob tells whether a glob stands for a name: each `*` for any
// characters but `/`. It takes time in proportion to both lengths multiplied
// at the very most.
func MatchGlob(glob, name string) bool {
	g, n := 0, 0
	star, mark := -1, 0 // the last *, and how far it reaches
	for n < len(name) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, mark = g, n
			g++
		case g < len(glob) && glob[g] == name[n]:
			g++
			n++
		case star >= 0 && name[mark] != '/':
			mark++
			g, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
