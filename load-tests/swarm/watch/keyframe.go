package watch

// frameStart says what a decrypted payload is the beginning of.
type frameStart uint8

const (
	notKey   frameStart = iota
	keyStart            // first packet of a picture that needs no other
	keyPart             // some later packet of a key picture: it may have begun earlier, in parameter sets
)

// H.264 NAL unit types, ITU-T H.264 table 7-1 and RFC 6184 table 1.
const (
	nalSlice   = 1
	nalIDR     = 5
	nalSPS     = 7
	nalSTAPA   = 24
	nalFUA     = 28
	fuStartBit = 0x80
)

// h264Start looks at an RTP payload of RFC 6184.
func h264Start(payload []byte) frameStart {
	if len(payload) < 2 {
		return notKey
	}
	switch payload[0] & 31 {
	case nalSPS:
		return keyStart
	case nalIDR:
		return keyPart
	case nalSTAPA:
		for rest := payload[1:]; len(rest) > 2; {
			size := int(rest[0])<<8 | int(rest[1])
			if size == 0 || len(rest) < 2+size {
				return notKey
			}
			if kind := rest[2] & 31; kind == nalSPS || kind == nalIDR {
				return keyStart
			}
			rest = rest[2+size:]
		}
	case nalFUA:
		if payload[1]&31 == nalIDR && payload[1]&fuStartBit != 0 {
			return keyPart
		}
	}
	return notKey
}

// vp8Start looks at an RTP payload of RFC 7741: the start of partition 0 of a frame whose P bit is clear.
func vp8Start(payload []byte) frameStart {
	if len(payload) == 0 || payload[0]&0x10 == 0 || payload[0]&0x07 != 0 {
		return notKey
	}
	offset := 1
	if payload[0]&0x80 != 0 {
		if len(payload) < 2 {
			return notKey
		}
		extension := payload[1]
		offset = 2
		if extension&0x80 != 0 { // picture id
			if len(payload) <= offset {
				return notKey
			}
			if payload[offset]&0x80 != 0 {
				offset++
			}
			offset++
		}
		if extension&0x40 != 0 { // TL0PICIDX
			offset++
		}
		if extension&0x30 != 0 { // TID, KEYIDX
			offset++
		}
	}
	if len(payload) <= offset || payload[offset]&1 != 0 {
		return notKey
	}
	return keyStart
}

// keyframes waits for a key picture whose packets are all there, from its first one to its marker bit.
//
// The check reads the track's sequence window, so late and repaired packets count.
type keyframes struct {
	start     func([]byte) frameStart
	beginning int64 // extended sequence number of the candidate's first packet
	timestamp uint32
	waiting   bool
	end       int64 // of its marker, once seen
	ended     bool
	starts    int64 // key pictures begun
	complete  int64
}

// look is called for every decrypted packet that came in order or late; number is its extended sequence number.
func (k *keyframes) look(payload []byte, timestamp uint32, marker bool, number int64, s *sequence) (completed bool) {
	kind := k.start(payload)
	if kind != notKey && (!k.waiting || k.timestamp != timestamp) {
		k.waiting, k.ended = true, false
		k.timestamp, k.beginning = timestamp, number
		k.starts++
	} else if kind != notKey && number < k.beginning {
		k.beginning = number
	}
	if !k.waiting {
		return false
	}
	if timestamp == k.timestamp && marker {
		k.ended, k.end = true, number
	}
	if !k.ended {
		return false
	}
	for i := k.beginning; i <= k.end; i++ {
		if !s.has(i) {
			return false
		}
	}
	k.waiting = false
	k.complete++
	return true
}
