package document

import "unicode/utf8"

const (
	// maxWord is the longest word for which a close one is looked for, in runes.
	maxWord = 128
	// maxCandidates is the most words among which one is looked for.
	maxCandidates = 2000
)

// Closest gives the candidate nearest to a misspelt word. ok is false when
// none is near enough to be worth suggesting: a third of the word, rounded
// down, may have to change, and one letter of a word of two.
func Closest(word string, candidates []string) (best string, ok bool) {
	n := utf8.RuneCountInString(word)
	if n < 2 || n > maxWord || len(candidates) > maxCandidates {
		return "", false
	}
	limit := max(1, n/3)
	distance := limit + 1
	a := []rune(word)
	for _, c := range candidates {
		if d := editDistance(a, c, limit); d < distance || d == distance && d <= limit && c < best {
			best, distance = c, d
		}
	}
	return best, distance <= limit
}

// editDistance counts insertions, deletions, substitutions and swaps of
// neighbours (optimal string alignment); above limit it may stop counting.
func editDistance(a []rune, word string, limit int) int {
	const longest = maxWord + maxWord/3
	if d := utf8.RuneCountInString(word) - len(a); d > limit || -d > limit {
		return limit + 1
	}
	var letters [longest]rune
	b := letters[:0]
	for _, r := range word {
		b = append(b, r)
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range b {
		last[j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit { // the row before was above limit-1, so that a swap does not help
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
