package suite

import (
	"slices"
	"time"
)

// Spread is how long one of many equal pieces of work took, in nanoseconds:
// over batches, in each of which it is the mean.
type Spread struct {
	Median, Least, Most float64
}

// What a watch does at least and at most.
const (
	leastBatch   = 20 * time.Microsecond // far above what reading a clock takes
	leastBatches = 5
	mostBatches  = 100
	mostRounds   = 1 << 20 // in a batch, should the clock stand still
)

// watch times rounds of work in batches.
type watch struct {
	clock   func() time.Time
	round   func()
	pieces  int // of work in a round
	rounds  int // in a batch
	batches []float64
}

func newWatch(clock func() time.Time, pieces int, round func()) *watch {
	return &watch{clock: clock, round: round, pieces: pieces, rounds: 1, batches: make([]float64, 0, mostBatches)}
}

// prepare finds how many rounds a batch takes for all of them to take about d.
// It warms memory and caches, too.
func (w *watch) prepare(d time.Duration) {
	w.round()
	for w.time() < max(d/mostBatches, leastBatch) && w.rounds < mostRounds {
		w.rounds *= 2
	}
}

// time runs a batch.
func (w *watch) time() time.Duration {
	begin := w.clock()
	for range w.rounds {
		w.round()
	}
	return w.clock().Sub(begin)
}

// inTurn runs a batch of each watch in turn, so that a slow moment of the
// machine slows all alike, until about d is over.
func inTurn(watches []*watch, d time.Duration) {
	var spent time.Duration
	for n := 0; n < leastBatches || n < mostBatches && spent < d; n++ {
		for _, w := range watches {
			took := w.time()
			spent += took
			w.batches = append(w.batches, float64(took.Nanoseconds())/float64(w.rounds*w.pieces))
		}
	}
}

func (w *watch) spread() Spread {
	slices.Sort(w.batches)
	n := len(w.batches)
	return Spread{Median: (w.batches[(n-1)/2] + w.batches[n/2]) / 2, Least: w.batches[0], Most: w.batches[n-1]}
}
