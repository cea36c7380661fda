// Package schema holds the published JSON Schemas to the reader of gwctl, with
// a validator of others: ajv. Every example and every good document is valid,
// broken ones are not, and whatever the schemas refuse gwctl refuses, too.
//
// Run npm ci in this directory, then go test. It needs Node.js 20 or newer and a
// binary of gwctl: $GWCTL_BIN, else bin/gwctl. Without them the tests are
// skipped; with CI=true they fail instead.
package schema
