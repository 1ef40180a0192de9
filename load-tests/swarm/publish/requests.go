package publish

import (
	"encoding/binary"
	"net/netip"
)

// RTCP packet types and formats of RFC 4585 and RFC 5104.
const (
	transportFeedback = 205
	payloadFeedback   = 206
	formatNACK        = 1
	formatPLI         = 1
	formatFIR         = 4
)

// Receive implements fan.Peer: only RTCP comes to a publisher.
func (p *Publisher) Receive(packet []byte, from netip.AddrPort, nowMs int64) {
	p.heardMs = nowMs
	if p.transport != nil && p.transport.Receive(packet, from) {
		return
	}
	if len(packet) < 8 || packet[1] < 192 || packet[1] > 223 {
		return
	}
	if p.transport != nil {
		if p.keys == nil {
			return
		}
		plain, err := p.keys.In.DecryptRTCP(nil, packet, nil)
		if err != nil {
			return
		}
		packet = plain
	}
	for len(packet) >= 8 {
		size := 4 * (int(binary.BigEndian.Uint16(packet[2:])) + 1)
		if size > len(packet) {
			return
		}
		p.feedback(packet[:size])
		packet = packet[size:]
	}
}

func (p *Publisher) feedback(message []byte) {
	format := message[0] & 31
	switch {
	case message[1] == payloadFeedback && (format == formatPLI || format == formatFIR):
		p.stats.KeyRequests++
		p.wantKey = true
	case message[1] == transportFeedback && format == formatNACK && len(message) >= 16:
		track := &p.video
		if binary.BigEndian.Uint32(message[8:]) == p.sound.SSRC {
			track = &p.sound
		}
		for item := message[12:]; len(item) >= 4; item = item[4:] {
			first, mask := binary.BigEndian.Uint16(item), binary.BigEndian.Uint16(item[2:])
			p.resend(track, first)
			for bit := range uint16(16) {
				if mask&(1<<bit) != 0 {
					p.resend(track, first+bit+1)
				}
			}
		}
	}
}

func (p *Publisher) resend(track *outgoing, number uint16) {
	packet := track.sent[number%sentWindow]
	if packet != nil && binary.BigEndian.Uint16(packet[2:]) == number {
		p.stats.Resent++
		p.transmit(track, packet)
	}
}
