// Package assertion makes the signed statement about a request that a service
// can check by itself: who asks, with which roles, for what, decided when.
//
// [New] reads the keys and makes a [Signer]; [Signer.Sign] signs one statement
// as an ES256 JWT (RFC 7519, RFC 7518 section 3.4). [Published] is the key set
// that services fetch. Every request gets a statement of its own: it names the
// method, the path and the decision, so one that was made for another request
// would be untrue, and none is kept.
package assertion
