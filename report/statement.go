package report

// Statement is what a person stated about a run. It ties the run to a request, or
// names a revision that no program can read; nothing shows that it is true.
type Statement struct {
	Name  string       `json:"name" class:"key"` // StatedTicket, or StatedLabel and the key of the label
	Value Fact[string] `json:"value,omitzero" class:"environment"`
}

// Names of statements.
const (
	StatedTicket = "ticket"
	StatedLabel  = "label."
)

// Stated returns the statement of that name.
func (r *Report) Stated(name string) Fact[string] {
	for _, s := range r.Claims {
		if s.Name == name {
			return s.Value
		}
	}
	return Fact[string]{}
}
