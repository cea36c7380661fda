//go:build !race

package policy

import "time"

// patience is how long hostile files may take: five times what they should.
const patience = 5 * time.Second
