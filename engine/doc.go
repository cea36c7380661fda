// Package engine compiles a policy set and decides requests with it. It can be
// embedded: a program that decides for itself needs no sidecar.
//
// # What to call
//
//  1. policy/source.Read reads a directory or bundle, policy.Load its documents,
//     and [Compile] makes them an immutable [Set] or says everything that is
//     wrong with them.
//  2. [Set.NewRequest] gives a [Request]. [Request.ResetHTTP] asks about an HTTP
//     request in canonical form, [Request.ResetDirect] about a resource type and
//     an action.
//  3. [Set.Bind] makes a [Subject] of what is known about a user, and
//     [Request.SetSubject] says that the user asks. Without it the user is
//     anonymous. [Request.Supply], [Request.SetTime] and [Request.Body] give what
//     else is known.
//  4. [Set.Decide] answers with a [Decision]: effect, reason code, deciding rule,
//     obligations, and the errors of rules that could not be evaluated.
//
// An allowed request has to take its obligations along. Whoever ignores them
// must not load sets that have any; [Set.ObligationHeaders] tells.
//
// # Concurrency
//
// A [Set] and a [Subject] do not change and may be used by any number of
// goroutines; so may a [Decision], whose lists are shared with the set and must
// be left as they are. A [Request] belongs to one goroutine at a time, to the
// set that made it, and must not be copied. Whoever decides many requests keeps
// one for each goroutine, or a pool for each set, and one Subject for each user:
// then the walk from method, host and path to the decision allocates nothing
// beside what conditions do. To change policies, compile a new set and swap one
// pointer.
//
// # What it refuses
//
// The package does no input or output, reads no clock and knows no transport:
// everything a decision depends on is bound to the request, so a decision can
// be repeated bit for bit. It never allows by default: an error, a missing
// attribute, an unknown route or a panic denies, and a subject or request of
// another set does too. It authenticates nobody and repairs no path: what it is
// told about a user is believed, and a path that is not canonical is matched as
// it is.
//
// # Stability
//
// docs/embedding.md names the identifiers that are promised. Before version 1.0
// a patch release changes none of them, and a minor release removes or changes
// one only with an entry in the changelog. All others serve gwctl's own commands
// and may change with any release. The meaning of policies is versioned apart,
// as gwctl.dev/v1.
package engine
