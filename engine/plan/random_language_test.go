package plan_test

import "strings"

// parseOperators reads one operator a line.
func parseOperators(weight int, lines string) []*operator {
	var out []*operator
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, parseOperator(line, weight))
		}
	}
	return out
}

// logicOperators combine, compare and choose.
func logicOperators() []*operator {
	return parseOperators(6, `
		bool <- !$bool
		bool <- ($bool && $bool)
		bool <- ($bool || $bool)
		bool <- ($bool && $bool && $bool && $bool)
		bool <- ($bool || $bool || $bool || $bool)
		bool <- ($bool && $bool || $bool && $bool)
		A <- ($bool ? $A : $A)
		bool <- ($A == $A)
		bool <- ($A != $A)
		bool <- ($A == $A!)
		bool <- ($A! != $A)
		bool <- ($O < $O)
		bool <- ($O <= $O)
		bool <- ($O > $O)
		bool <- ($O >= $O)
		bool <- ($O < $O!)
		bool <- ($O <= $O!)
		bool <- ($O > $O!)
		bool <- ($O >= $O!)
		bool <- ($O! < $O)
		bool <- ($O! >= $O)
		bool <- ($A in $list(A))
		bool <- ($A! in $list(A))
		bool <- ($A in [$A!, $A!, $A!])
		bool <- ($A in [$A!, $A!, $A!, $A!, $A!, $A!, $A!, $A!, $A!, $A!])
		bool <- ($A in $list(A)!)
		bool <- ($K in $map(K, A))
		bool <- ($K! in $map(K, A))
	`)
}

// loopOperators bind variables.
func loopOperators() []*operator {
	return parseOperators(4, `
		bool <- $list(A).exists(@x, $bool{x: A})
		bool <- $list(A).all(@x, $bool{x: A})
		bool <- $list(A).exists_one(@x, $bool{x: A})
		list(A) <- $list(A).filter(@x, $bool{x: A})
		list(B) <- $list(A).map(@x, $B{x: A})
		list(B) <- $list(A).map(@x, $bool{x: A}, $B{x: A})
		bool <- $map(K, A).exists(@k, $bool{k: K})
		bool <- $map(K, A).all(@k, $bool{k: K})
		bool <- $map(K, A).exists_one(@k, $bool{k: K})
		list(K) <- $map(K, A).filter(@k, $bool{k: K})
		list(B) <- $map(K, A).map(@k, $B{k: K})
		list(B) <- $map(K, A).map(@k, $bool{k: K}, $B{k: K})
	`)
}

// itemOperators show what a loop's variables are.
func itemOperators() []*operator {
	return parseOperators(2, `
		bool <- $list(A).exists(@x, @x == $A)
		bool <- $list(O).all(@x, @x < $O)
		bool <- $list(O).exists_one(@x, @x >= $O)
		list(A) <- $list(A).map(@x, @x)
		list(A) <- $list(A).filter(@x, @x != $A)
		list(K) <- $map(K, A).map(@k, @k)
		bool <- $map(K, A).all(@k, @k in $list(K))
		bool <- $list(A).exists(@i, @x, @i == $int!)
		list(int) <- $list(A).transformList(@i, @x, @i)
		list(A) <- $list(A).transformList(@i, @x, @i < $int!, @x)
		bool <- $map(K, A).exists(@k, @v, @v == $A)
		list(A) <- $map(K, A).transformList(@k, @v, @v)
		bool <- $list(list(A)).exists(@x, @x.exists(@y, @y == $A))
		list(list(A)) <- $list(A).map(@x, $list(A).map(@y, @x))
		bool <- $list(A).exists(@x, @x == $A || $bool)
		bool <- $list(A).all(@x, @x != $A && $bool)
		bool <- $list(A).exists(@x, (@x == $A ? $bool : $bool))
		bool <- $list(A).all(@x, (@x == $A ? $bool : $bool))
		bool <- $list(A).exists_one(@x, (@x == $A ? $bool : $bool))
		bool <- $map(K, A).exists(@k, @k == $K || $bool)
		bool <- $map(K, A).all(@k, @v, @v != $A && $bool)
		list(string) <- [$int, 3].map(@x, @x != 3 || $bool, $string)
		list(string) <- $list(A).transformList(@i, @x, @i == 0 || $bool, $string)
		list(int) <- $list(int).filter(@x, @x > $int! && $bool)
	`)
}

// pairOperators bind two variables.
func pairOperators() []*operator {
	return parseOperators(2, `
		bool <- $list(A).exists(@i, @x, $bool{i: int, x: A})
		bool <- $list(A).all(@i, @x, $bool{i: int, x: A})
		bool <- $list(A).existsOne(@i, @x, $bool{i: int, x: A})
		list(B) <- $list(A).transformList(@i, @x, $B{i: int, x: A})
		list(B) <- $list(A).transformList(@i, @x, $bool{i: int, x: A}, $B{i: int, x: A})
		bool <- $map(K, A).exists(@k, @v, $bool{k: K, v: A})
		bool <- $map(K, A).all(@k, @v, $bool{k: K, v: A})
		bool <- $map(K, A).exists_one(@k, @v, $bool{k: K, v: A})
		list(B) <- $map(K, A).transformList(@k, @v, $B{k: K, v: A})
		list(B) <- $map(K, A).transformList(@k, @v, $bool{k: K, v: A}, $B{k: K, v: A})
	`)
}

// collectionOperators make lists, maps and optionals and take them apart.
func collectionOperators() []*operator {
	return parseOperators(3, `
		list(A) <- [$A]
		list(A) <- [$A, $A]
		list(A) <- [$A, $A, $A]
		bool <- has($map(string, A).%key)
		optional(A) <- $map(string, A).?%key
		optional(A) <- $map(K, A)[?$K]
		optional(A) <- $list(A)[?$int]
		optional(A) <- optional.of($A)
		bool <- $optional(A).hasValue()
		A <- $optional(A).orValue($A)
		A <- $optional(A).orValue($A!)
		optional(A) <- $optional(A).or($optional(A))
		optional(B) <- $optional(A).optMap(@x, $B{x: A})
		optional(B) <- $optional(A).optFlatMap(@x, $optional(B){x: A})
		int <- size($list(A))
		int <- $list(A).size()
		int <- size($map(K, A))
		int <- $map(K, A).size()
	`)
}

// chainOperators take one thing out of another that may not be there.
func chainOperators() []*operator {
	return parseOperators(2, `
		optional(A) <- $map(string, map(string, A))[?$string].%key
		optional(A) <- $map(string, map(string, A)).?%key[?$string]
		optional(A) <- $map(string, list(A)).?%key[$int]
		optional(A) <- $list(list(A))[?$int][?$int]
		optional(string) <- user.?labels[?$string]
		optional(string) <- user.?labels.%key
		optional(int) <- user.?quotas[$string]
		optional(string) <- user.?tags[$int]
		optional(string) <- resource.?keeper.?home.?city
		optional(int) <- user.?profile.home.zip
		optional(double) <- resource.?keeper.home.?geo[?$int]
		optional(string) <- user.profile.?home.city
	`)
}

// failingOperators take what is often not there.
func failingOperators() []*operator {
	return parseOperators(1, `
		A <- $list(A)[$int]
		A <- $list(A)[$int!]
		A <- $map(K, A)[$K]
		A <- $map(K, A)[$K!]
		A <- $map(string, A).%key
		A <- $optional(A).value()
	`)
}

// setOperators take lists for sets.
func setOperators() []*operator {
	return parseOperators(1, `
		bool <- sets.contains($list(A), $list(A))
		bool <- sets.equivalent($list(A), $list(A))
		bool <- sets.intersects($list(A), $list(A))
	`)
}

// whenOperators look into lists and maps of timestamps.
func whenOperators() []*operator {
	return parseOperators(1, `
		bool <- user.times.exists(@x, $bool{x: timestamp})
		bool <- user.dues.all(@k, @v, $bool{k: string, v: timestamp})
		list(B) <- user.times.map(@x, $B{x: timestamp})
		bool <- ($timestamp in user.times)
		timestamp <- user.times[$int]
		optional(timestamp) <- user.times[?$int]
		timestamp <- user.dues.%key
		bool <- (user.times == user.times)
	`)
}

// wideOperators look into a map of many entries.
func wideOperators() []*operator {
	return parseOperators(2, `
		int <- $wide[$string]
		int <- $wide.%key
		bool <- has($wide.%key)
		bool <- ($string in $wide)
		optional(int) <- $wide[?$string]
		int <- $wide.size()
		bool <- ($wide == $wide)
	`)
}

// textOperators work on strings.
func textOperators() []*operator {
	return parseOperators(3, `
		int <- size($string)
		int <- $string.size()
		string <- ($string + $string)
		bool <- ($string == $string + $string)
		bool <- ($string! + $string == $string)
		bool <- ($string + '' + $string in $list(string))
		bool <- $string.contains($string)
		bool <- $string.startsWith($string)
		bool <- $string.endsWith($string)
		bool <- $string.contains($string!)
		bool <- $string.startsWith($string!)
		bool <- $string.endsWith($string!)
		bool <- $string.matches(%pattern)
		bool <- matches($string, %pattern)
		bool <- $string.matches(string(%pattern))
		bool <- ('a' + $string~ + %lines).matches(%line)
		string <- $string.lowerAscii()
		string <- $string.upperAscii()
		string <- $string.trim()
		string <- $string.charAt($int)
		string <- $string.replace($string, $string)
		string <- $string.substring($int)
		string <- $string.substring($int, $int)
		string <- string($bool)
		string <- string($int)
		string <- string($double)
		string <- string($string)
		string <- string($timestamp)
		string <- string($duration)
		string <- string($ip)
		string <- string($cidr)
	`)
}

// numberOperators compute.
func numberOperators() []*operator {
	return parseOperators(3, `
		int <- ($int + $int)
		int <- ($int - $int)
		int <- ($int * $int)
		int <- ($int / $int)
		int <- ($int % $int)
		int <- ($int % -1)
		int <- ($int / -1)
		int <- -$int~
		double <- ($double + $double)
		double <- ($double - $double)
		double <- ($double * $double)
		double <- ($double / $double)
		double <- (0.0 * $double / 0.0)
		double <- -$double~
		int <- int($double)
		int <- int($int)
		int <- int($timestamp)
		double <- double($int)
		double <- double($double)
	`)
}
