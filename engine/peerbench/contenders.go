package peerbench

import "github.com/gwctl/gwctl/engine/peerbench/workload"

// RouteContenders are the engines that answer the Routes.
func RouteContenders() []workload.Contender[*workload.Routes] {
	return []workload.Contender[*workload.Routes]{
		{Name: nameGwctl, Build: gwctlRoutes},
		{Name: nameHand, Build: handRoutes},
		{Name: nameCel, Build: celRoutes},
		{Name: nameCelPrepared, Build: celRoutesPrepared},
		{Name: nameExpr, Build: exprRoutes},
		{Name: nameOPAPrepared, Build: opaRoutesPrepared},
		{Name: nameOPA, Build: opaRoutes},
		{Name: nameCelScan, Build: celRoutesScan},
		{Name: nameCedar, Build: cedarRoutes},
		{Name: nameCasbin, Build: casbinRoutes},
	}
}

// ParallelContenders are those of the RouteContenders that are asked from
// several goroutines. What the hand-written rules gain from a second core is
// what the machine has to give.
func ParallelContenders() []workload.Contender[*workload.Routes] {
	return []workload.Contender[*workload.Routes]{
		{Name: nameGwctl, Build: gwctlRoutes},
		{Name: nameHand, Build: handRoutes},
		{Name: nameOPAPrepared, Build: opaRoutesPrepared},
	}
}

// MixContenders are the engines that answer the Mix.
func MixContenders() []workload.Contender[*workload.Mix] {
	return []workload.Contender[*workload.Mix]{
		{Name: nameGwctl, Build: gwctlMix},
		{Name: nameHand, Build: handMix},
		{Name: nameCelPrepared, Build: celMix},
		{Name: nameOPAPrepared, Build: opaMix},
	}
}

// CrowdContenders are the engines that answer a Crowd.
func CrowdContenders() []workload.Contender[*workload.Crowd] {
	return []workload.Contender[*workload.Crowd]{
		{Name: nameGwctl, Build: gwctlCrowd},
		{Name: nameHand, Build: handCrowd},
	}
}

// DriveContenders are the engines that answer the Drive.
func DriveContenders() []workload.Contender[*workload.Drive] {
	return []workload.Contender[*workload.Drive]{
		{Name: nameGwctl, Build: gwctlDrive},
		{Name: nameHand, Build: handDrive},
		{Name: nameCelPrepared, Build: celDrive},
		{Name: nameCedar, Build: cedarDrive},
	}
}

// Loaders are the engines that load Routes.
func Loaders() []workload.Loader {
	return []workload.Loader{
		{Name: nameGwctl, Prepare: loadGwctl},
		{Name: "cel-go", Prepare: loadCel},
		{Name: "expr-lang", Prepare: loadExpr},
		{Name: "OPA", Prepare: loadOPA},
		{Name: "cedar-go", Prepare: loadCedar},
		{Name: "Casbin", Prepare: loadCasbin},
	}
}
