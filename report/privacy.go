package report

// Privacy says what of the board the run kept to itself.
type Privacy struct {
	SourcesCut Fact[[]string] `json:"sources_cut,omitzero" class:"environment"` // sources of identities that were not read whole: what could hold one of these is withheld
}
