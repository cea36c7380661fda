// Package peerbench measures gwctl's engine against other decision engines and
// against Go written by hand for the occasion.
//
// Package workload makes the rules, the requests and the expected answers. The
// engines are listed here by what they answer: [RouteContenders],
// [MixContenders], [CrowdContenders], [DriveContenders] and [Loaders]. The
// tests check that all of them give the expected answers, the benchmarks check
// once more and time them, and cmd/table turns the output of several rounds
// into the tables of docs/performance.md.
//
// It is a module of its own, so that no peer becomes a dependency of gwctl.
// Cerbos is measured in module peerbench/cerbos: it and OPA need versions of
// github.com/gobwas/glob that exclude each other. The package publishes no
// figure that was not measured in the same run as the peer it is compared
// with.
package peerbench
