// Package engine compiles a policy set and decides requests with it.
//
// Start with [Compile], which turns a loaded policy set into an immutable
// [Set] or says everything that is wrong with it. [Set.HTTPRequest] gives a
// request to bind attributes to, and [Set.Decide] answers it. A Set may be
// used by any number of goroutines. Whoever decides many requests keeps one
// from [Set.NewRequest] for each goroutine, and one [Subject] for each user:
// then the walk from method, host and path to the decision allocates nothing
// beside what conditions do.
//
// The package does no input or output, reads no clock and knows no transport:
// everything a decision depends on is bound to the request, so a decision can
// be repeated bit for bit. It never allows by default: an error, a missing
// attribute or an unknown route denies.
package engine
