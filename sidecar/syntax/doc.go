// Package syntax sees the answers that net/http's server gives without asking a
// handler (400 to bytes that are no HTTP, 417, 431, 501, 505), so that these
// leave a record, too. It refuses what that server would repair in silence:
// requests whose end is ambiguous.
//
// [Attach] prepares an http.Server, [Listener] what it serves on, and a handler
// calls [Reached] first of all. The package changes no byte of any answer.
package syntax
