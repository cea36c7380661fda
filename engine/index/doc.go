// Package index finds the route of a request: the most specific path pattern,
// and only then the method.
//
// Parse patterns with [ParsePattern], put them into [Routes] with [Routes.Add],
// which refuses patterns that overlap without one containing the other, and
// look requests up with [Routes.Match]. Matching sees canonical paths only; it
// never repairs one, and a path whose route lacks the method does not fall
// through to a less specific route.
package index
