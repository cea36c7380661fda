// Package logout is where issuers tell that a user has logged out (OpenID Connect
// Back-Channel Logout 1.0).
//
// [New] makes the handler, which the proxy serves at its path and a listener of
// its own can, too. It reads one logout token out of a form and has it verified;
// it knows no session and decides nothing itself. It tells nobody why a token is
// not taken: that stands in the record.
package logout
