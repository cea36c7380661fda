package plan_test

// The operators of this file are those that plan leaves to cel-go, at least
// for some operands.

// makingOperators make maps, and lists with items that may not be there.
func makingOperators() []*operator {
	return parseOperators(2, `
		list(A) <- [?$optional(A), $A]
		map(K, A) <- {$K: $A}
		map(K, A) <- {$K: $A, $K: $A}
		map(K, A) <- {?$K: $optional(A)}
		list(A) <- ($list(A) + $list(A))
		optional(A) <- optional.ofNonZeroValue($A)
		map(int, B) <- $list(A).transformMap(@i, @x, $B{i: int, x: A})
		map(int, B) <- $list(A).transformMap(@i, @x, $bool{i: int, x: A}, $B{i: int, x: A})
		map(string, B) <- $list(A).transformMapEntry(@i, @x, {$string{i: int, x: A}: $B{i: int, x: A}})
		map(K, B) <- $map(K, A).transformMap(@k, @v, $B{k: K, v: A})
		map(K, B) <- $map(K, A).transformMap(@k, @v, $bool{k: K, v: A}, $B{k: K, v: A})
		map(string, B) <- $map(K, A).transformMapEntry(@k, @v, {$string{k: K, v: A}: $B{k: K, v: A}})
	`)
}

// reachingOperators read on from an optional, wherever it comes from.
func reachingOperators() []*operator {
	return parseOperators(3, `
		optional(A) <- $optional(map(string, A)).%key
		optional(A) <- $optional(map(string, A)).?%key
		optional(A) <- $optional(map(K, A))[$K]
		optional(A) <- $optional(map(K, A))[?$K]
		optional(A) <- $optional(list(A))[$int]
		optional(A) <- $optional(list(A))[?$int]
		bool <- has($optional(map(string, A)).%key)
		bool <- request.?body.hasValue()
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

// scanningOperators go through texts. A pattern that is not known at load is
// one that cannot fail to be read: if both operands of matches() fail, then
// which error cel-go reports depends on what the call stands in.
func scanningOperators() []*operator {
	return parseOperators(2, `
		bool <- [%pattern, $string~].exists(@p, $string{p: string}.matches(@p))
		int <- $string.indexOf($string)
		int <- $string.lastIndexOf($string)
		list(string) <- $string.split($string)
		string <- $list(string).join()
		string <- $list(string).join($string)
		timestamp <- timestamp($int)
		timestamp <- timestamp($timestamp)
		bool <- bool($string)
		timestamp <- timestamp($string~)
		duration <- duration($string~)
	`)
}

// rareOperators are the functions of the extensions and of types that no
// attribute has.
func rareOperators() []*operator {
	return parseOperators(1, `
		list(A) <- $list(A).slice($int, $int)
		list(A) <- $list(list(A)).flatten()
		list(O) <- $list(O).sort()
		list(A) <- $list(A).sortBy(@x, $O{x: A})
		list(A) <- $list(A).distinct()
		list(A) <- $list(A).reverse()
		list(int) <- lists.range($int % 5)
		optional(A) <- $list(A).first()
		optional(A) <- $list(A).last()
		list(A) <- optional.unwrap($list(optional(A)))
		int <- math.greatest($int, $int)
		int <- math.least($int, $int, $int)
		double <- math.greatest($double, $double)
		double <- math.least($list(double)~)
		bool <- (math.greatest($int, $double) == $int)
		bool <- (math.least($int, $double) < $double)
		double <- math.ceil($double)
		double <- math.floor($double)
		double <- math.round($double)
		double <- math.trunc($double)
		bool <- math.isNaN($double)
		bool <- math.isInf($double)
		bool <- math.isFinite($double)
		int <- math.abs($int)
		double <- math.abs($double)
		int <- math.sign($int)
		double <- math.sqrt($double)
		int <- math.bitAnd($int, $int)
		int <- math.bitOr($int, $int)
		int <- math.bitXor($int, $int)
		int <- math.bitNot($int)
		int <- math.bitShiftLeft($int, $int)
		int <- math.bitShiftRight($int, $int)
		string <- strings.quote($string)
		string <- $string.reverse()
		string <- $string.replace($string, $string, $int)
		list(string) <- $string.split($string, $int)
		int <- $string.indexOf($string, $int)
		int <- $string.lastIndexOf($string, $int)
		string <- '%s is %d'.format([$string, $int])
		string <- '%s'.format([$O])
		string <- '%s'.format([user.limits])
		string <- '%s'.format([$list(string)!])
		string <- '%.2f %e %x %b'.format([$double, $double, $int, $int])
		uint <- uint($int)
		uint <- ($uint + $uint)
		uint <- ($uint - $uint)
		uint <- ($uint * $uint)
		uint <- ($uint / $uint)
		uint <- ($uint % $uint)
		bool <- ($uint < $uint)
		bool <- ($uint == $uint)
		int <- int($uint)
		string <- string($uint)
		double <- double($uint)
		bytes <- bytes($string)
		bytes <- ($bytes + $bytes)
		string <- string($bytes)
		int <- size($bytes)
		bool <- ($bytes == $bytes)
		bool <- ($bytes < $bytes)
		bool <- (null == null)
	`)
}
