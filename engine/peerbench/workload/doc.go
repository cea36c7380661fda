// Package workload holds what decision engines are compared on, and how.
//
// Start with [NewRoutes], [NewMix], [NewCrowd] or [ReadDrive]: each makes
// rules, requests and the expected answers, the same in every run. A
// [Contender] builds an engine for one of them. [Agree] checks in a test that
// contenders give the expected answers; [Time], [TimeParallel] and [TimeLoad]
// measure them in a benchmark, and check before they start the clock.
//
// It is a module of its own without requirements, so that contenders whose
// dependencies exclude each other can be built apart and share it. It knows no
// engine.
package workload
