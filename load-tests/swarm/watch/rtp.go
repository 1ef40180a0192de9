package watch

import "encoding/binary"

const rtpHeaderBytes = 12

// rtpHeader is the clear part of an SRTP packet, as far as it is needed (RFC 3550 section 5.1, RFC 8285).
type rtpHeader struct {
	payload   uint8
	marker    bool
	sequence  uint16
	timestamp uint32
	ssrc      uint32
	length    int // of the header with extensions
	wide      uint16
	hasWide   bool
}

// parse reads a header; wideID is the id of the transport-wide sequence number, 0 when it was not negotiated.
func (h *rtpHeader) parse(packet []byte, wideID uint8) bool {
	if len(packet) < rtpHeaderBytes || packet[0]>>6 != 2 {
		return false
	}
	h.payload = packet[1] & 0x7f
	h.marker = packet[1]&0x80 != 0
	h.sequence = binary.BigEndian.Uint16(packet[2:])
	h.timestamp = binary.BigEndian.Uint32(packet[4:])
	h.ssrc = binary.BigEndian.Uint32(packet[8:])
	h.length = rtpHeaderBytes + 4*int(packet[0]&15)
	h.hasWide = false
	if packet[0]&0x10 == 0 {
		return len(packet) >= h.length
	}
	if len(packet) < h.length+4 {
		return false
	}
	profile := binary.BigEndian.Uint16(packet[h.length:])
	size := 4 * int(binary.BigEndian.Uint16(packet[h.length+2:]))
	extensions := h.length + 4
	h.length = extensions + size
	if len(packet) < h.length {
		return false
	}
	if wideID == 0 {
		return true
	}
	for rest := packet[extensions:h.length]; len(rest) > 0; {
		var id uint8
		var length, skip int
		switch {
		case rest[0] == 0:
			rest = rest[1:]
			continue
		case profile == 0xbede:
			id, length, skip = rest[0]>>4, int(rest[0]&15)+1, 1
		case profile&0xfff0 == 0x1000 && len(rest) > 1:
			id, length, skip = rest[0], int(rest[1]), 2
		default:
			return true
		}
		if len(rest) < skip+length {
			return true
		}
		if id == wideID && length >= 2 {
			h.wide, h.hasWide = binary.BigEndian.Uint16(rest[skip:]), true
			return true
		}
		rest = rest[skip+length:]
	}
	return true
}

// isRTCP tells RTCP from RTP on one port (RFC 5761 section 4).
func isRTCP(packet []byte) bool { return len(packet) > 1 && packet[1] >= 192 && packet[1] <= 223 }
