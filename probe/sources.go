package probe

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/boardprobe/boardprobe/report"
)

// opSources asks what became of the sources of identities.
const opSources = "identity-sources/1"

// sourcesText is the answer: the sources that were there.
func (s *system) sourcesText() []byte {
	var there []source
	for _, x := range s.sources {
		if x.Read > 0 || x.Cut != "" {
			there = append(there, x)
		}
	}
	text, err := json.Marshal(there)
	if err != nil {
		return nil // of strings and numbers: it has none
	}
	return text
}

// collectPrivacy says of which sources there may be identities that the run does
// not know. The answers that could hold one of these are gaps.
func collectPrivacy(_ context.Context, h *Host) (report.Privacy, error) {
	a := h.ask(opSources, "")
	cut := parseAnswer(a, func(data []byte) ([]string, error) {
		var list []source
		if json.Unmarshal(data, &list) != nil {
			return nil, errors.New("not the form that was recorded")
		}
		paths := []string{}
		for _, x := range list {
			if x.Cut != "" {
				paths = append(paths, x.Path+": "+x.Cut)
			}
		}
		return paths, nil
	})
	return report.Privacy{SourcesCut: cut}, nil
}
