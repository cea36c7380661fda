// Package transport holds the connections of the reverse-proxy door: TLS
// towards its clients, and TLS, HTTP/2 and pools towards its upstreams.
//
// [NewServer] checks the files of a listener, and [Listen] serves TLS with
// whatever Server is in force at each handshake. [Pools.Table] makes the table
// of upstreams of one configuration. Both are built whole from bytes that were
// read before: a file that is missing or broken is a finding, never a listener
// without a check. The package verifies every certificate it is shown and has
// no setting that would leave that out.
package transport
