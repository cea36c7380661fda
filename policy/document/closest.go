package document

import "unicode/utf8"

// maxWord is the longest word for which a close one is looked for, in runes.
const maxWord = 128

// Closest gives the candidate nearest to a misspelt word. ok is false when
// none is near enough to be worth suggesting: a third of the word, rounded
// down, may have to change, and one letter of a word of two.
func Closest(word string, candidates []string) (best string, ok bool) {
	n := utf8.RuneCountInString(word)
	if n < 2 || n > maxWord {
		return "", false
	}
	limit := max(1, n/3)
	distance := limit + 1
	for _, c := range candidates {
		if d := editDistance(word, c, limit); d < distance || d == distance && d <= limit && c < best {
			best, distance = c, d
		}
	}
	return best, distance <= limit
}

// editDistance counts insertions, deletions, substitutions and swaps of
// neighbours (optimal string alignment); above limit it may stop counting.
func editDistance(a, b string, limit int) int {
	if utf8.RuneCountInString(b) > maxWord+limit {
		return limit + 1
	}
	ra, rb := []rune(a), []rune(b)
	if len(ra)-len(rb) > limit || len(rb)-len(ra) > limit {
		return limit + 1
	}
	rows := make([][]int, len(ra)+1)
	for i := range rows {
		rows[i] = make([]int, len(rb)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(ra); i++ {
		for j := 1; j <= len(rb); j++ {
			cost := 1
			if ra[i-1] == rb[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && ra[i-1] == rb[j-2] && ra[i-2] == rb[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(ra)][len(rb)]
}
