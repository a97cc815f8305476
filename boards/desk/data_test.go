package desk

import (
	"slices"
	"testing"
	"time"
)

// Every table says what it is, of what, and when that was read.
func TestSources(t *testing.T) {
	t.Parallel()
	for _, s := range Sources() {
		if _, err := time.Parse(time.DateOnly, s.Date); err != nil || s.Title == "" || s.Version == "" || s.Source == "" || s.Rows < 10 {
			t.Errorf("table %+v", s)
		}
		if days := s.Days(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)); days < 20000 {
			t.Errorf("%s is %d days old in 2100", s.Title, days)
		}
	}
}

func TestDeviceTypes(t *testing.T) {
	t.Parallel()
	rows, _ := DeviceTypes()
	seen := map[string]bool{}
	states := map[Support]int{}
	for _, r := range rows {
		if r.Slug == "" || r.Name == "" || seen[r.Slug] {
			t.Errorf("device type %q, %q twice or without a name", r.Slug, r.Name)
		}
		seen[r.Slug] = true
		states[r.Support]++
		if !slices.Contains([]string{"aarch64", "armv7hf", "rpi", "amd64", "i386", "i386-nlp"}, r.Arch) {
			t.Errorf("%s: architecture %q", r.Slug, r.Arch)
		}
		if r.Repository != "" && (r.Machine == "" || r.Yocto == "" || r.Image != "flasher" && r.Image != "non-flasher") {
			t.Errorf("%s: repository %s without machine, Yocto or image", r.Slug, r.Repository)
		}
		for _, i := range r.Identities {
			if len(i.Compatible) == 0 || !slices.Contains([]string{"", "medium", "low"}, i.Confidence) {
				t.Errorf("%s: identity %+v", r.Slug, i)
			}
		}
	}
	if len(rows) != 145 || states[Discontinued] != 27 || states[Pending] != 16 {
		t.Errorf("%d device types, %v; want 145, 27 of them discontinued and 16 about to be", len(rows), states)
	}
}

// Dates that are compared as text have one form.
func TestYoctoDates(t *testing.T) {
	t.Parallel()
	rows, _ := YoctoReleases()
	for i, r := range rows {
		for _, date := range []string{r.Released, r.Ends} {
			if _, err := time.Parse(time.DateOnly, date); err != nil && date != "" {
				t.Errorf("%s: %v", r.Name, err)
			}
		}
		if i > 0 && r.Released < rows[i-1].Released {
			t.Errorf("%s comes after %s", r.Name, rows[i-1].Name)
		}
	}
	series, _ := LongTermKernels()
	for _, s := range series {
		if _, err := time.Parse("2006-01", s.Ends); err != nil {
			t.Errorf("%s: %v", s.Series, err)
		}
	}
}
