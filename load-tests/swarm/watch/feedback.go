package watch

import "encoding/binary"

const (
	// Packets that one feedback message may cover; more means that the peer was cut off, and the old ones are forgotten.
	feedbackSpan = 512
	// Units of draft-holmer-rmcat-transport-wide-cc-extensions-01.
	referenceUnitMs  = 64
	deltasPerMs      = 4
	maxSmallDelta    = 255
	statusNone       = 0
	statusSmall      = 1
	statusLarge      = 2
	statusesPerChunk = 7
	rtpfbPacketType  = 205
	transportCCFmt   = 15
)

// transportFeedback collects arrivals by transport-wide sequence number and writes RTCP feedback of them.
//
// Invariants: base is the first number that no feedback covered yet; at most feedbackSpan numbers are held; arrivals
// before base are late and were already reported as lost, which is what a browser reports too.
type transportFeedback struct {
	started bool
	base    int64
	highest int64
	at      [feedbackSpan]int64 // milliseconds + 1; 0 = not seen
	count   uint8
}

func (t *transportFeedback) arrive(number uint16, nowMs int64) {
	if !t.started {
		t.started = true
		t.base, t.highest = int64(number), int64(number)-1
	}
	extended := t.highest + int64(int16(number-uint16(t.highest)))
	if extended < t.base {
		return
	}
	for extended-t.base >= feedbackSpan {
		t.at[t.base%feedbackSpan] = 0
		t.base++
	}
	t.at[extended%feedbackSpan] = nowMs + 1
	t.highest = max(t.highest, extended)
}

// write appends one feedback message to buffer, or nothing when nothing came.
func (t *transportFeedback) write(buffer []byte, sender, media uint32) []byte {
	if !t.started || t.highest < t.base {
		return buffer
	}
	for t.at[t.base%feedbackSpan] == 0 { // begin at something that arrived
		t.base++
	}
	total := t.highest - t.base + 1
	reference := (t.at[t.base%feedbackSpan] - 1) / referenceUnitMs
	begin := len(buffer)
	buffer = append(buffer, 0x80|transportCCFmt, rtpfbPacketType, 0, 0)
	buffer = binary.BigEndian.AppendUint32(buffer, sender)
	buffer = binary.BigEndian.AppendUint32(buffer, media)
	buffer = binary.BigEndian.AppendUint16(buffer, uint16(t.base))
	buffer = binary.BigEndian.AppendUint16(buffer, uint16(total))
	buffer = append(buffer, byte(reference>>16), byte(reference>>8), byte(reference), t.count)
	t.count++

	var statuses [feedbackSpan]byte
	var deltas [feedbackSpan]int16
	previous := reference * referenceUnitMs
	for i := range total {
		at := t.at[(t.base+i)%feedbackSpan]
		if at == 0 {
			continue
		}
		delta := (at - 1 - previous) * deltasPerMs
		previous = at - 1
		deltas[i] = int16(max(-32768, min(32767, delta)))
		if statuses[i] = statusSmall; delta < 0 || delta > maxSmallDelta {
			statuses[i] = statusLarge
		}
		t.at[(t.base+i)%feedbackSpan] = 0
	}
	for i := int64(0); i < total; i += statusesPerChunk {
		chunk := uint16(0xc000) // status vector of two-bit symbols
		for j := range min(int64(statusesPerChunk), total-i) {
			chunk |= uint16(statuses[i+j]) << (12 - 2*j)
		}
		buffer = binary.BigEndian.AppendUint16(buffer, chunk)
	}
	for i := range total {
		switch statuses[i] {
		case statusSmall:
			buffer = append(buffer, byte(deltas[i]))
		case statusLarge:
			buffer = binary.BigEndian.AppendUint16(buffer, uint16(deltas[i]))
		}
	}
	if padding := -(len(buffer) - begin) & 3; padding > 0 {
		buffer[begin] |= 0x20
		buffer = append(buffer, make([]byte, padding)...)
		buffer[len(buffer)-1] = byte(padding)
	}
	binary.BigEndian.PutUint16(buffer[begin+2:], uint16((len(buffer)-begin)/4-1))
	t.base = t.highest + 1
	return buffer
}
