package console

import "slices"

// phase is how far a boot has come.
type phase int

const (
	none  phase = iota // what any stage says
	early              // firmware in front of the boot loader
	main               // the boot loader
	linux
)

// phaseOf is the phase in which a kind is said. OP-TEE and firmware of other
// processors have none: on some boards the boot loader starts them.
func phaseOf(k Kind) phase {
	switch k {
	case ROM, FirstStage, SPL, TFA, OpenSBI, Coreboot, RaspberryPi:
		return early
	case UBoot, Barebox, UEFI, BIOS:
		return main
	case EFIStub, Kernel:
		return linux
	}
	return none
}

// once reports whether a loader says the kind once in a boot.
func once(k Kind) bool { return k == UBoot || k == Barebox || k == BIOS }

// sequence tells the boots of a log apart, by the order in which stages run.
type sequence struct {
	boot    int // number of the current one
	reached int // number of the last that reached Linux
	at      phase
	running bool   // Linux itself has begun
	said    []Kind // of this boot, of what is said once
}

// follow takes the next witness; it is false for what says nothing of firmware,
// since Linux and its programs print lines of the same form.
func (s *sequence) follow(k Kind) bool {
	p := phaseOf(k)
	switch {
	case p == none:
		return !s.running || k == OPTEE || k == SecureBoot
	case p == early && s.at > early, p == main && (s.at > main || slices.Contains(s.said, k)):
		s.boot++
		s.running, s.said, s.at = false, nil, none
	}
	s.at = max(s.at, p)
	if p == linux {
		s.reached = s.boot
		s.running = s.running || k == Kernel
	}
	if once(k) {
		s.said = append(s.said, k)
	}
	return true
}

// forget leaves out the oldest boot that is neither the current one nor the last
// that reached Linux.
func (s *sequence) forget(list []Witness) []Witness {
	at := slices.IndexFunc(list, func(w Witness) bool { return w.Boot != s.boot && w.Boot != s.reached })
	if at < 0 {
		return list
	}
	oldest := list[at].Boot
	return slices.DeleteFunc(list, func(w Witness) bool { return w.Boot == oldest })
}
