package plan_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// scalar gives the text of a value of a scalar type, as an attribute's is
// written. Mostly it is one of a few, so that values and literals often meet.
func scalar(rng *rand.Rand, name string) string {
	if rng.IntN(2) == 0 {
		return one(rng, common(name))
	}
	return one(rng, special(name))
}

func common(name string) []string {
	switch name {
	case "bool":
		return []string{"true", "false"}
	case "int":
		return []string{"0", "1", "2", "3", "-1"}
	case "double":
		return []string{"0.0", "-0.0", "1.0", "0.5", "2.0"}
	case "timestamp":
		return []string{"2026-01-15T10:00:00Z", "2026-01-15T23:30:00Z", "2026-01-16T00:00:00Z", "2026-01-16T00:00:00.5Z"}
	case "duration":
		return []string{"0s", "90s", "1h", "-1h", "1.5s"}
	case "ip":
		return []string{"192.0.2.10", "10.0.0.1", "2001:db8::1"}
	case "cidr":
		return []string{"192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32", "192.0.0.0/16"}
	}
	return []string{"a", "b", "ab", "", "é", "a\nb", "DE"}
}

func special(name string) []string {
	switch name {
	case "bool":
		return []string{"true", "false"}
	case "int":
		return []string{"7", "23", "-5", "100", "9223372036854775807", "-9223372036854775808", "4611686018427387904", "253402300799", "-62135596801"}
	case "double":
		return []string{"1.5", "-2.25", "3.0", "1e308", "-1e308", "5e-324", "9007199254740993.0", "9223372036854775807.0", "-9223372036854775808.0", "-0.5"}
	case "timestamp":
		return []string{
			"2026-03-29T00:59:59.999999999Z", "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z", "2024-02-29T12:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z",
			"9999-12-31T23:59:59.999999999Z", "1900-01-01T00:00:00Z",
		}
	case "duration":
		return []string{"24h", "1ns", "-1ns", "1500ms", "2562047h47m16.854775807s", "-2562047h47m16.854775808s", "8760h"}
	case "ip":
		return []string{"192.0.2.1", "127.0.0.1", "0.0.0.0", "::1", "::", "fe80::1", "ff02::1", "224.0.0.1", "169.254.0.1"}
	case "cidr":
		return []string{"192.0.2.10/32", "0.0.0.0/0", "::/0", "127.0.0.0/8"}
	}
	return []string{
		"abc", "A", "É", "ÄB", "ü€", "😀x", " a ", "a,b", "a,é,b", "/a/b", "alice", "it's", `a\b`, "12", "-7", "1.5", "true", "x-y", "2026-01-15T10:00:00Z", "0000-12-31T23:59:59Z", "90s",
		"192.0.2.10", "192.0.2.0/24", "192.0.2.1/24", "^a.*$", "(", "e\u0301", "\u0000", "\u2003a\u0085", "w07", "w25",
	}
}

// keys are the keys of maps; some can be selected with a dot.
func keys() []string { return []string{"a", "b", "k", "a", "b", "x-y", "é", ""} }

// words are what the places %w of an operator are filled with.
func words(kind string) []string {
	switch kind {
	case "key":
		return []string{"a", "b", "k"}
	case "zone":
		return []string{"'UTC'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kathmandu'", "'Pacific/Kiritimati'", "'+02:00'", "'-03:30'", "'-00:30'", "'-11:15'", "'05:45'", "'23:59'", "consts.zone"}
	case "city":
		return []string{"'UTC'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kathmandu'", "'Pacific/Kiritimati'", "consts.zone"}
	case "pattern":
		return []string{"'^a.*$'", "'.*b$'", "'^[a-z]+$'", "'^(?:a|DE)$'", "'^$'", "'.*é.*'", "'^.$'", "'^(?i)de$'", "'.*'", "'^[^/]*$'", `'^\\d+$'`, "consts.pattern"}
	case "lines":
		return []string{`'\\nb'`, `'b\\n'`, `'a\\n'`, `'\\n'`, "'b'"}
	case "line":
		return []string{"'^a.*$'", "'^.*b$'", "'^a$'"}
	case "day":
		return []string{"'2026-01-15'", "'2026-01-16'", "'2026-03-29'", "'1970-01-01'", "'9999-12-31'", "'0001-01-01'"}
	case "clock":
		return []string{"'00:00'", "'10:00'", "'11:00'", "'23:59'", "'05:30'"}
	case "weekday":
		return []string{"'monday'", "'thursday'", "'friday'", "'sunday'"}
	case "header":
		return []string{"'x-plan'", "'x-two'", "'x-none'", "'x-empty'", "''"}
	case "param":
		return []string{"'q'", "'two'", "'none'", "'Q'"}
	}
	panic("no words: " + kind)
}

func one(rng *rand.Rand, of []string) string { return of[rng.IntN(len(of))] }

// quote writes a string literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ':
			b.WriteString(`\x0` + strconv.FormatInt(int64(r), 16))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// literal writes a random literal of a type; ok is false for objects, which
// have none.
func literal(rng *rand.Rand, t typ) (text string, ok bool) {
	switch t.name {
	case "bool", "int":
		return scalar(rng, t.name), true
	case "double": // NaN and the infinities come of arithmetic only
		if rng.IntN(5) == 0 {
			return one(rng, []string{"(0.0 / 0.0)", "(1.0 / 0.0)", "(-1.0 / 0.0)"}), true
		}
		return scalar(rng, t.name), true
	case "string":
		return quote(scalar(rng, t.name)), true
	case "uint":
		return one(rng, []string{"0u", "1u", "2u", "7u", "18446744073709551615u"}), true
	case "bytes":
		return one(rng, []string{"b''", "b'a'", "b'ab'", "b'\\xff'", "b'é'"}), true
	case "timestamp":
		if rng.IntN(5) == 0 {
			return one(rng, []string{"timestamp('2026-01-15T12:00:00+02:00')", "timestamp('2026-01-15T05:00:00-05:00')"}), true
		}
		return "timestamp(" + quote(scalar(rng, t.name)) + ")", true
	case "duration", "ip", "cidr":
		return t.name + "(" + quote(scalar(rng, t.name)) + ")", true
	case "optional":
		inner, ok := literal(rng, t.args[0])
		if empty := simplest(t.args[0]); rng.IntN(4) == 0 && len(empty) == 2 {
			return "optional.ofNonZeroValue(" + empty[0] + ")", true
		}
		return "optional.of(" + inner + ")", ok
	case "list":
		return literals(rng, "[", "]", func(int) (string, bool) { return literal(rng, t.args[0]) })
	case "map":
		names := keyLiterals(t.args[0].name)
		start := rng.IntN(len(names))
		again := rng.IntN(12) // the same key twice is an error
		return literals(rng, "{", "}", func(i int) (string, bool) {
			value, ok := literal(rng, t.args[1])
			if again == 0 {
				i = 0
			}
			return names[(start+i)%len(names)] + ": " + value, ok && i < len(names)
		})
	}
	return "", false
}

func keyLiterals(name string) []string {
	switch name {
	case "bool":
		return []string{"true", "false"}
	case "int":
		return []string{"0", "1", "2", "-1", "9223372036854775807"}
	}
	return []string{"'a'", "'b'", "'k'", "'x-y'", "'é'", "''"}
}

// literals writes a few items. It writes at least one: what an empty list
// holds, cel-go's checker often cannot tell.
func literals(rng *rand.Rand, open, end string, item func(i int) (string, bool)) (string, bool) {
	var items []string
	for i := range []int{1, 1, 2, 2, 3}[rng.IntN(5)] {
		text, ok := item(i)
		if !ok && i == 0 {
			return "", false
		}
		if !ok {
			break
		}
		items = append(items, text)
	}
	return open + strings.Join(items, ", ") + end, true
}

// simplest gives the shortest literal of a type, for shrinking.
func simplest(t typ) []string {
	switch t.name {
	case "bool":
		return []string{"false", "true"}
	case "int":
		return []string{"0", "1"}
	case "double":
		return []string{"0.0", "1.0"}
	case "string":
		return []string{"''", "'a'"}
	case "timestamp":
		return []string{"timestamp('1970-01-01T00:00:00Z')"}
	case "duration":
		return []string{"duration('0s')"}
	case "list":
		return []string{"[]"}
	case "map":
		return []string{"{}"}
	case "optional":
		return []string{"optional.none()"}
	}
	return nil
}
