package plan_test

// timeOperators work on timestamps and durations. What date, clock and weekday
// give can be compared only with what they can give; ” hides it.
func timeOperators() []*operator {
	return parseOperators(2, `
		timestamp <- ($timestamp + $duration)
		timestamp <- ($duration + $timestamp)
		timestamp <- ($timestamp - $duration)
		duration <- ($timestamp - $timestamp)
		duration <- ($duration + $duration)
		duration <- ($duration - $duration)
		int <- $timestamp.getFullYear()
		int <- $timestamp.getMonth()
		int <- $timestamp.getDate()
		int <- $timestamp.getDayOfMonth()
		int <- $timestamp.getDayOfWeek()
		int <- $timestamp.getDayOfYear()
		int <- $timestamp.getHours()
		int <- $timestamp.getMinutes()
		int <- $timestamp.getSeconds()
		int <- $timestamp.getMilliseconds()
		int <- $timestamp.getFullYear(%zone)
		int <- $timestamp.getMonth(%zone)
		int <- $timestamp.getDate(%zone)
		int <- $timestamp.getDayOfMonth(%zone)
		int <- $timestamp.getDayOfWeek(%zone)
		int <- $timestamp.getDayOfYear(%zone)
		int <- $timestamp.getHours(%zone)
		int <- $timestamp.getMinutes(%zone)
		int <- $timestamp.getSeconds(%zone)
		int <- $timestamp.getMilliseconds(%zone)
		int <- $duration.getHours()
		int <- $duration.getMinutes()
		int <- $duration.getSeconds()
		int <- $duration.getMilliseconds()
		string <- ('' + date($timestamp, %city))
		string <- ('' + clock($timestamp, %city))
		string <- ('' + weekday($timestamp, %city))
		bool <- (date($timestamp, %city) == %day)
		bool <- (date($timestamp, %city) >= %day)
		bool <- (clock($timestamp, %city) < %clock)
		bool <- (weekday($timestamp, %city) in [%weekday, %weekday])
	`)
}

// addressOperators work on addresses and networks.
func addressOperators() []*operator {
	return parseOperators(2, `
		bool <- isIP($string)
		bool <- isCIDR($string)
		bool <- ip.isCanonical($string~)
		bool <- $cidr.containsIP($ip)
		bool <- $cidr.containsIP($string~)
		bool <- $cidr!.containsIP($ip)
		bool <- $cidr.containsCIDR($cidr)
		bool <- $cidr.containsCIDR($string~)
		int <- $ip.family()
		bool <- $ip.isLoopback()
		bool <- $ip.isUnspecified()
		bool <- $ip.isGlobalUnicast()
		bool <- $ip.isLinkLocalUnicast()
		bool <- $ip.isLinkLocalMulticast()
		ip <- $cidr.ip()
		cidr <- $cidr.masked()
		int <- $cidr.prefixLength()
	`)
}

// readingOperators read a text; few texts can be read.
func readingOperators() []*operator {
	return parseOperators(1, `
		int <- int($string)
		double <- double($string)
		ip <- ip($string~)
		cidr <- cidr($string~)
	`)
}

// requestOperators read what only requests have.
func requestOperators() []*operator {
	return parseOperators(3, `
		optional(string) <- request.header(%header)
		optional(string) <- request.param(%param)
		bool <- has(request.body)
	`)
}
