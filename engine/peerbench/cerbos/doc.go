// Package cerbos measures Cerbos on the workloads of peerbench.
//
// Start with [RouteContenders], [MixContenders] and [Loaders]. It uses the
// evaluator that Cerbos embeds in its own SDKs, without server, audit log and
// worker pool. It is a module of its own, since Cerbos and OPA need versions of
// github.com/gobwas/glob that exclude each other.
package cerbos
