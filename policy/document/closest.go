package document

// Closest gives the candidate nearest to a misspelt word. ok is false when
// none is near enough to be worth suggesting: more than a third of the word
// would have to change.
func Closest(word string, candidates []string) (best string, ok bool) {
	limit := max(1, len(word)/3)
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
