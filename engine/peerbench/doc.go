// Package peerbench measures gwctl's engine against other decision engines and
// against Go written by hand for the occasion.
//
// Start with the workloads: [NewRoutes], [NewMix], [NewCrowd] and [ReadDrive]
// make rules, requests and the expected answers. A [Contender] builds one
// engine for one workload; the lists of them are [RouteContenders],
// [MixContenders], [CrowdContenders] and [DriveContenders]. The tests check
// that all contenders give the expected answers, the benchmarks time them
// after checking once more, and cmd/table turns the output of several rounds
// into the tables of docs/performance.md.
//
// It is a module of its own, so that no peer becomes a dependency of gwctl.
// It publishes no figure that was not measured in the same run as the peer
// it is compared with.
package peerbench
