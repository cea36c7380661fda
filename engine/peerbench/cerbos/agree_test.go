package cerbos

import (
	"testing"

	"github.com/gwctl/gwctl/engine/peerbench/workload"
)

func TestRoutesAgree(t *testing.T) { workload.Agree(t, workload.NewRoutes(20), RouteContenders()) }

func TestMixAgrees(t *testing.T) { workload.Agree(t, workload.NewMix(), MixContenders()) }
