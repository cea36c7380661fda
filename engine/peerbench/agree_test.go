package peerbench

import (
	"errors"
	"testing"

	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

// Small workloads do here: what the rules say does not depend on how many
// there are, and the benchmarks check once more.

func TestRoutesAgree(t *testing.T) { workload.Agree(t, workload.NewRoutes(20), RouteContenders()) }

func TestMixAgrees(t *testing.T) { workload.Agree(t, workload.NewMix(), MixContenders()) }

func TestCrowdAgrees(t *testing.T) { workload.Agree(t, workload.NewCrowd(400), CrowdContenders()) }

func TestDriveAgrees(t *testing.T) { workload.Agree(t, drive(t), DriveContenders()) }

// drive reads the gdrive data, or skips.
func drive(t testing.TB) *workload.Drive {
	t.Helper()
	w, err := workload.ReadDrive()
	if errors.Is(err, workload.ErrNoDrive) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestEveryLoaderLoads: what is timed while loading is a set that loads.
func TestEveryLoaderLoads(t *testing.T) {
	for _, l := range Loaders() {
		t.Run(l.Name, func(t *testing.T) {
			if loaded, err := l.Prepare(workload.NewRoutes(20))(); err != nil || loaded == nil {
				t.Errorf("got %v, %v", loaded, err)
			}
		})
	}
}
