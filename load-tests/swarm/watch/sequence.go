package watch

// How far back a late packet still fills its gap; beyond it the packet counts as a duplicate.
const sequenceWindow = 1024

// sequence counts what came of one RTP stream by its sequence numbers (RFC 3550 appendix A.3), without looking inside.
//
// Invariants: received + missing() = highest - first + 1; a packet counts once.
type sequence struct {
	started  bool
	first    int64
	highest  int64
	received int64
	repeated int64
	latest   int64 // the extended number that arrive took last
	seen     [sequenceWindow / 64]uint64
}

// arrive takes a sequence number and says whether it is new, and how many numbers before it were jumped over.
func (s *sequence) arrive(number uint16) (fresh bool, jumped int) {
	if !s.started {
		s.started = true
		s.first = int64(number)
		s.highest = int64(number)
		s.received = 1
		s.latest = s.highest
		s.mark(s.highest)
		return true, 0
	}
	extended := s.highest + int64(int16(number-uint16(s.highest)))
	s.latest = extended
	if extended > s.highest {
		jumped = int(extended - s.highest - 1)
		for gap := max(s.highest+1, extended-sequenceWindow+1); gap <= extended; gap++ {
			s.seen[gap>>6&(sequenceWindow/64-1)] &^= 1 << (gap & 63)
		}
		s.highest = extended
		s.received++
		s.mark(extended)
		return true, jumped
	}
	if extended < s.first || extended <= s.highest-sequenceWindow || s.has(extended) {
		s.repeated++
		return false, 0
	}
	s.mark(extended)
	s.received++
	return true, 0
}

func (s *sequence) mark(extended int64) {
	s.seen[extended>>6&(sequenceWindow/64-1)] |= 1 << (extended & 63)
}

// has is true for numbers inside the window only.
func (s *sequence) has(extended int64) bool {
	return extended > s.highest-sequenceWindow && extended >= s.first && s.seen[extended>>6&(sequenceWindow/64-1)]&(1<<(extended&63)) != 0
}

func (s *sequence) expected() int64 {
	if !s.started {
		return 0
	}
	return s.highest - s.first + 1
}

func (s *sequence) missing() int64 { return s.expected() - s.received }
