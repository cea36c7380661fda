package peerbench

// RouteContenders are the engines that answer the Routes.
func RouteContenders() []Contender[*Routes] {
	return []Contender[*Routes]{
		{nameGwctl, gwctlRoutes},
		{nameHand, handRoutes},
	}
}

// MixContenders are the engines that answer the Mix.
func MixContenders() []Contender[*Mix] {
	return []Contender[*Mix]{
		{nameGwctl, gwctlMix},
		{nameHand, handMix},
	}
}

// CrowdContenders are the engines that answer a Crowd.
func CrowdContenders() []Contender[*Crowd] {
	return []Contender[*Crowd]{
		{nameGwctl, gwctlCrowd},
		{nameHand, handCrowd},
	}
}

// DriveContenders are the engines that answer the Drive.
func DriveContenders() []Contender[*Drive] {
	return []Contender[*Drive]{
		{nameGwctl, gwctlDrive},
		{nameHand, handDrive},
	}
}
