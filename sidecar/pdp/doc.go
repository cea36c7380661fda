// Package pdp is the decision point of the sidecar: it holds the current
// [Snapshot] of policies and methods behind one atomic pointer and turns a
// canonical request into an [Outcome].
//
// [New] makes a [Point], [Point.Swap] gives it a snapshot, and [Point.Request]
// answers a door. Without a snapshot, and for every fault on the way, it
// denies. It writes no answer itself; a door does, with sidecar/reply.
package pdp
