//go:build race

package policy

import "time"

// patience is longer under the race detector, which is ten times slower.
const patience = 50 * time.Second
