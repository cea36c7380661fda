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

// pairOperators bind two variables.
func pairOperators() []*operator {
	return parseOperators(2, `
		bool <- $list(A).exists(@i, @x, $bool{i: int, x: A})
		bool <- $list(A).all(@i, @x, $bool{i: int, x: A})
		bool <- $list(A).existsOne(@i, @x, $bool{i: int, x: A})
		list(B) <- $list(A).transformList(@i, @x, $B{i: int, x: A})
		list(B) <- $list(A).transformList(@i, @x, $bool{i: int, x: A}, $B{i: int, x: A})
		map(int, B) <- $list(A).transformMap(@i, @x, $B{i: int, x: A})
		map(int, B) <- $list(A).transformMap(@i, @x, $bool{i: int, x: A}, $B{i: int, x: A})
		map(string, B) <- $list(A).transformMapEntry(@i, @x, {$string{i: int, x: A}: $B{i: int, x: A}})
		bool <- $map(K, A).exists(@k, @v, $bool{k: K, v: A})
		bool <- $map(K, A).all(@k, @v, $bool{k: K, v: A})
		bool <- $map(K, A).exists_one(@k, @v, $bool{k: K, v: A})
		list(B) <- $map(K, A).transformList(@k, @v, $B{k: K, v: A})
		list(B) <- $map(K, A).transformList(@k, @v, $bool{k: K, v: A}, $B{k: K, v: A})
		map(K, B) <- $map(K, A).transformMap(@k, @v, $B{k: K, v: A})
		map(K, B) <- $map(K, A).transformMap(@k, @v, $bool{k: K, v: A}, $B{k: K, v: A})
		map(string, B) <- $map(K, A).transformMapEntry(@k, @v, {$string{k: K, v: A}: $B{k: K, v: A}})
	`)
}

// collectionOperators make lists, maps and optionals and take them apart.
func collectionOperators() []*operator {
	return parseOperators(3, `
		list(A) <- [$A]
		list(A) <- [$A, $A]
		list(A) <- [$A, $A, $A]
		list(A) <- [?$optional(A), $A]
		map(K, A) <- {$K: $A}
		map(K, A) <- {$K: $A, $K: $A}
		map(K, A) <- {?$K: $optional(A)}
		list(A) <- ($list(A) + $list(A))
		bool <- has($map(string, A).%key)
		optional(A) <- $map(string, A).?%key
		optional(A) <- $map(K, A)[?$K]
		optional(A) <- $list(A)[?$int]
		optional(A) <- $optional(map(string, A)).%key
		optional(A) <- $optional(map(string, A)).?%key
		optional(A) <- $optional(map(K, A))[$K]
		optional(A) <- $optional(map(K, A))[?$K]
		optional(A) <- $optional(list(A))[$int]
		optional(A) <- $optional(list(A))[?$int]
		bool <- has($optional(map(string, A)).%key)
		optional(A) <- optional.of($A)
		optional(A) <- optional.ofNonZeroValue($A)
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

// emptyOperators hold empty literals in places where cel-go's checker finds
// out what they would hold; elsewhere it does not.
func emptyOperators() []*operator {
	return parseOperators(1, `
		bool <- ($list(A) == [])
		bool <- ([] != $list(A))
		bool <- ($map(K, A) == {})
		bool <- ($optional(A) == optional.none())
		bool <- ($A in [])
		bool <- ($K in {})
		bool <- [].exists(@x, $bool)
		bool <- [].all(@x, $bool)
		list(A) <- ($list(A) + [])
		list(A) <- ($bool ? $list(A) : [])
		optional(A) <- ($bool ? optional.none() : $optional(A))
		optional(A) <- $optional(A).or(optional.none())
		int <- size([])
		int <- {}.size()
	`)
}

// textOperators work on strings. A pattern that is not known at load is one
// that cannot fail to be read: if both operands of matches() fail, then which
// error cel-go reports depends on what the call stands in.
func textOperators() []*operator {
	return parseOperators(3, `
		int <- size($string)
		int <- $string.size()
		string <- ($string + $string)
		bool <- $string.contains($string)
		bool <- $string.startsWith($string)
		bool <- $string.endsWith($string)
		bool <- $string.contains($string!)
		bool <- $string.startsWith($string!)
		bool <- $string.endsWith($string!)
		bool <- $string.matches(%pattern)
		bool <- matches($string, %pattern)
		bool <- [%pattern, '('].exists(@p, $string{p: string}.matches(@p))
		bool <- $string.matches(string(%pattern))
		string <- $string.lowerAscii()
		string <- $string.upperAscii()
		string <- $string.trim()
		string <- $string.charAt($int)
		int <- $string.indexOf($string)
		int <- $string.lastIndexOf($string)
		string <- $string.replace($string, $string)
		list(string) <- $string.split($string)
		string <- $string.substring($int)
		string <- $string.substring($int, $int)
		string <- $list(string).join()
		string <- $list(string).join($string)
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
		int <- -$int~
		double <- ($double + $double)
		double <- ($double - $double)
		double <- ($double * $double)
		double <- ($double / $double)
		double <- -$double~
		int <- int($double)
		int <- int($int)
		int <- int($timestamp)
		double <- double($int)
		double <- double($double)
	`)
}
