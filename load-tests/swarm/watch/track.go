package watch

import (
	"encoding/binary"

	"walnut-live/swarm/rtc"
)

const (
	srPacketType    = 200
	rrPacketType    = 201
	rtpfbNackFmt    = 1
	psfbPacketType  = 206
	psfbPliFmt      = 1
	nackAfterMs     = 20 // a packet that is only late is not asked for
	nackAgainMs     = 60
	nackTries       = 4
	maxMissingAsked = 128
)

// track is one RTP stream of one viewer.
type track struct {
	ssrc    uint32
	codec   rtc.Codec
	video   bool
	seq     sequence
	keys    keyframes
	bytes   int64
	frames  int64 // marker bits: pictures of a video
	asked   []askedFor
	nack    bool
	lastSR  uint32 // middle 32 bits of the last sender report's NTP time
	srAtMs  int64
	repairs int64

	// What the last receiver report covered.
	reportedExpected, reportedReceived int64
}

type askedFor struct {
	number uint16
	nextMs int64
	tries  int
}

// noteGap remembers the numbers that were jumped over.
func (t *track) noteGap(before uint16, jumped int, nowMs int64) {
	if !t.nack {
		return
	}
	for i := min(jumped, maxMissingAsked); i > 0 && len(t.asked) < maxMissingAsked; i-- {
		t.asked = append(t.asked, askedFor{number: before - uint16(i), nextMs: nowMs + nackAfterMs})
	}
}

// appendNack writes a generic NACK (RFC 4585 section 6.2.1) for what is due and still missing.
func (t *track) appendNack(buffer []byte, sender uint32, nowMs int64) []byte {
	begin := len(buffer)
	kept := t.asked[:0]
	for _, one := range t.asked {
		extended := t.seq.highest + int64(int16(one.number-uint16(t.seq.highest)))
		if t.seq.has(extended) || one.tries == nackTries {
			continue
		}
		if one.nextMs <= nowMs {
			if len(buffer) == begin {
				buffer = append(buffer, 0x80|rtpfbNackFmt, rtpfbPacketType, 0, 0)
				buffer = binary.BigEndian.AppendUint32(buffer, sender)
				buffer = binary.BigEndian.AppendUint32(buffer, t.ssrc)
			}
			buffer = binary.BigEndian.AppendUint16(buffer, one.number)
			buffer = append(buffer, 0, 0)
			one.tries++
			one.nextMs = nowMs + nackAgainMs
		}
		kept = append(kept, one)
	}
	t.asked = kept
	if len(buffer) > begin {
		binary.BigEndian.PutUint16(buffer[begin+2:], uint16((len(buffer)-begin)/4-1))
	}
	return buffer
}

// appendReport writes a report block (RFC 3550 section 6.4.1).
func (t *track) appendReport(buffer []byte, nowMs int64) []byte {
	expected, received := t.seq.expected()-t.reportedExpected, t.seq.received-t.reportedReceived
	t.reportedExpected, t.reportedReceived = t.seq.expected(), t.seq.received
	fraction := int64(0)
	if expected > 0 && expected > received {
		fraction = (expected - received) * 256 / expected
	}
	buffer = binary.BigEndian.AppendUint32(buffer, t.ssrc)
	lost := max(0, t.seq.missing())
	buffer = append(buffer, byte(min(255, fraction)), byte(lost>>16), byte(lost>>8), byte(lost))
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(t.seq.highest-t.seq.first+int64(uint16(t.seq.first))))
	buffer = binary.BigEndian.AppendUint32(buffer, 0) // jitter: the loop's clock is too coarse to tell
	buffer = binary.BigEndian.AppendUint32(buffer, t.lastSR)
	delay := uint32(0)
	if t.lastSR != 0 {
		delay = uint32((nowMs - t.srAtMs) * 65536 / 1000)
	}
	return binary.BigEndian.AppendUint32(buffer, delay)
}

func appendPLI(buffer []byte, sender, media uint32) []byte {
	buffer = append(buffer, 0x80|psfbPliFmt, psfbPacketType, 0, 2)
	buffer = binary.BigEndian.AppendUint32(buffer, sender)
	return binary.BigEndian.AppendUint32(buffer, media)
}
