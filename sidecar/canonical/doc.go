// Package canonical turns one HTTP request into the single object that route
// matching, CEL, the upstream and the decision record all see, or refuses it.
//
// Make a [Reader] with [New] when the configuration is loaded and call
// [Reader.Read] once for each request, before anything else looks at it. What
// comes back is either a [Request] or a [Rejection], never both. A proxy sends
// [Request.OutURL] and [Request.Header] upstream, so the path that was
// authorised is byte for byte the path that was sent.
//
// A request that another proxy has received and only asks about is read by
// [Reader.ReadOriginal], by the same rules.
//
// The http.Server in front needs DisableGeneralOptionsHandler, or it answers
// `OPTIONS *` by itself, without policy and without a record.
//
// The package rejects and does not repair. The upstream's own rules for dot
// segments, parameters, backslashes or repeated headers are unknown here, so a
// request that two readers could understand differently is a 400 and not a
// guess. A route can keep some of what is refused, for itself alone: see
// [Allowance]. The package does no input or output, reads no credential but the
// certificate that a trusted proxy forwards, and never puts a header value into
// an error.
package canonical
