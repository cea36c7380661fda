// Package e2e runs the real binary between real counterparts: a certified
// OpenID provider in front, an HTTP service behind, and the file system under
// the policies. It holds tests only and imports nothing of the product; what it
// knows of gwctl is what a user knows.
//
// See README.md for what is needed and how to run one test.
package e2e
