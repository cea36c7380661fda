// Package admin is the listener of operators: it tells the state of the process
// and takes a few orders, for keys, caches and tokens.
//
// [Listen] opens where it can be reached, which is this host only: a loopback
// address, or a Unix socket of mode 0600. [New] makes the handler. Whoever can
// open a connection may do everything, so the handler refuses what a web page
// could send: another Host, any Origin, any Sec-Fetch-Site but none, and a
// change that is not a POST of JSON. Paths are compared exactly. It never tells
// a secret or a claim.
package admin
