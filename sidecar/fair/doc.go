// Package fair divides what is scarce among clients, so that one of them cannot
// take it all.
//
// [New] makes a [Share] of something: whoever wants of it calls Take, and Give
// afterwards. [Listener] divides the connections of a listener. The package
// makes nobody wait: what is not there is refused.
package fair
