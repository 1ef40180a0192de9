package watch

import (
	"encoding/binary"
	"net/netip"

	"walnut-live/swarm/fan"
	"walnut-live/swarm/rtc"
)

const (
	// Packets that came before the handshake's end was seen here; the first key picture may be among them.
	maxEarly = 512
	// A browser asks for a key picture when the decoder starves.
	pliAfterMs  = 500
	pliAgainMs  = 1_000
	reportMs    = 1_000
	maxTracks   = 4
	senderSSRC  = 1
	scratchSize = 2048
)

// viewer is one WHEP client on the fan. All of it belongs to the fan's loop.
type viewer struct {
	crowd     *Crowd
	address   netip.AddrPort
	transport *rtc.Transport
	codecs    [128]*rtc.Codec
	wideID    uint8
	keys      *rtc.Keys
	early     [][]byte
	tracks    []*track
	feedback  transportFeedback
	witness   bool // decrypts everything

	joinMs      int64 // when the POST was sent
	readyMs     int64 // when the keys were there
	firstMs     int64 // first packet
	firstKeyMs  int64 // first complete key picture
	lastMs      int64 // last packet
	nextReport  int64
	nextPLI     int64
	stalledAt   int64 // last packet before the running interruption; 0 = none
	packets     int64
	interrupted []int64 // lengths in ms of what ended
	reconnects  int64
	gone        bool // told by us, no reconnecting
	finished    history
}

// history is what earlier connections of this viewer counted.
type history struct{ expected, received, frames, bytes, repairs int64 }

// Receive implements fan.Peer.
func (v *viewer) Receive(packet []byte, from netip.AddrPort, nowMs int64) {
	if v.transport == nil || v.transport.Receive(packet, from) {
		return
	}
	if v.keys == nil {
		if len(v.early) < maxEarly {
			v.early = append(v.early, append([]byte(nil), packet...))
		}
		return
	}
	if isRTCP(packet) {
		v.receiveRTCP(packet, nowMs)
		return
	}
	v.receiveRTP(packet, nowMs)
}

func (v *viewer) receiveRTP(packet []byte, nowMs int64) {
	var header rtpHeader
	if !header.parse(packet, v.wideID) {
		v.crowd.bad++
		return
	}
	codec := v.codecs[header.payload]
	if codec == nil {
		v.crowd.unknown++
		return
	}
	v.arrived(nowMs)
	if header.hasWide {
		v.feedback.arrive(header.wide, nowMs)
	}
	v.packets++
	if codec.Name == "RTX" {
		v.receiveRepair(packet, &header, codec, nowMs)
		return
	}
	t := v.trackOf(&header, codec)
	if t == nil {
		return
	}
	t.bytes += int64(len(packet))
	fresh, jumped := t.seq.arrive(header.sequence)
	if jumped > 0 {
		t.noteGap(header.sequence, jumped, nowMs)
	}
	if !fresh {
		return
	}
	if t.video && header.marker {
		t.frames++
	}
	if t.video && v.firstKeyMs == 0 || v.witness || header.sequence%v.crowd.decryptEvery == 0 {
		v.inspect(t, packet, &header, t.seq.latest, nowMs)
	}
}

// inspect decrypts: it proves that the packet is authentic and looks for key pictures.
func (v *viewer) inspect(t *track, packet []byte, header *rtpHeader, number, nowMs int64) {
	plain, err := v.keys.In.DecryptRTP(v.crowd.scratch[:0], packet, nil)
	if err != nil {
		v.crowd.bad++
		return
	}
	v.crowd.decrypted++
	if t.keys.start == nil || len(plain) < header.length {
		return
	}
	if t.keys.look(plain[header.length:], header.timestamp, header.marker, number, &t.seq) && v.firstKeyMs == 0 {
		v.firstKeyMs = nowMs
	}
}

func (v *viewer) receiveRepair(packet []byte, header *rtpHeader, codec *rtc.Codec, nowMs int64) {
	repaired, ok := codec.RepairOf()
	plain, err := v.keys.In.DecryptRTP(v.crowd.scratch[:0], packet, nil)
	if !ok || err != nil {
		v.crowd.bad++
		return
	}
	if len(plain) < header.length+2 {
		return // padding that probes the bandwidth
	}
	original := binary.BigEndian.Uint16(plain[header.length:])
	for _, t := range v.tracks {
		if t.codec.Payload != repaired {
			continue
		}
		if fresh, _ := t.seq.arrive(original); fresh {
			t.repairs++
			if t.video && header.marker {
				t.frames++
			}
			if t.keys.start != nil && t.keys.look(plain[header.length+2:], header.timestamp, header.marker, t.seq.latest, &t.seq) && v.firstKeyMs == 0 {
				v.firstKeyMs = nowMs
			}
		}
		return
	}
}

func (v *viewer) trackOf(header *rtpHeader, codec *rtc.Codec) *track {
	for _, t := range v.tracks {
		if t.ssrc == header.ssrc {
			return t
		}
	}
	if len(v.tracks) == maxTracks {
		v.crowd.unknown++
		return nil
	}
	t := &track{ssrc: header.ssrc, codec: *codec, video: codec.ClockRate == 90_000}
	for _, feedback := range codec.Feedback {
		t.nack = t.nack || feedback == "nack" && v.crowd.options.Nack
	}
	switch codec.Name {
	case "H264":
		t.keys.start = h264Start
	case "VP8":
		t.keys.start = vp8Start
	}
	v.tracks = append(v.tracks, t)
	return t
}

func (v *viewer) receiveRTCP(packet []byte, nowMs int64) {
	plain, err := v.keys.In.DecryptRTCP(v.crowd.scratch[:0], packet, nil)
	if err != nil {
		v.crowd.bad++
		return
	}
	for len(plain) >= 4 {
		size := 4 * (int(binary.BigEndian.Uint16(plain[2:])) + 1)
		if size > len(plain) {
			return
		}
		if plain[1] == srPacketType && size >= 28 {
			ssrc := binary.BigEndian.Uint32(plain[4:])
			for _, t := range v.tracks {
				if t.ssrc == ssrc {
					t.lastSR, t.srAtMs = binary.BigEndian.Uint32(plain[10:]), nowMs
				}
			}
		}
		plain = plain[size:]
	}
}

func (v *viewer) arrived(nowMs int64) {
	if v.firstMs == 0 {
		v.firstMs = nowMs
		v.nextPLI = nowMs + pliAfterMs
	}
	if v.stalledAt != 0 {
		v.interrupted = append(v.interrupted, nowMs-v.stalledAt)
		v.stalledAt = 0
	}
	v.lastMs = nowMs
}

// tick is called every Options.FeedbackMs.
func (v *viewer) tick(f *fan.Fan, nowMs int64) {
	if v.transport == nil || v.gone {
		return
	}
	v.transport.Tick(nowMs)
	if v.keys == nil {
		return
	}
	buffer := v.crowd.outgoing[:0]
	if nowMs >= v.nextReport && len(v.tracks) > 0 {
		v.nextReport = nowMs + reportMs
		count := len(v.tracks)
		buffer = append(buffer, 0x80|byte(count), rrPacketType, 0, byte(1+6*count))
		buffer = binary.BigEndian.AppendUint32(buffer, senderSSRC)
		for _, t := range v.tracks {
			buffer = t.appendReport(buffer, nowMs)
		}
	}
	for _, t := range v.tracks {
		if len(t.asked) > 0 {
			before := len(buffer)
			if buffer = t.appendNack(buffer, senderSSRC, nowMs); len(buffer) > before {
				v.crowd.nacks++
			}
		}
		if t.video && v.firstKeyMs == 0 && nowMs >= v.nextPLI {
			v.nextPLI = nowMs + pliAgainMs
			v.crowd.plis++
			buffer = appendPLI(buffer, senderSSRC, t.ssrc)
		}
	}
	if v.wideID != 0 && len(v.tracks) > 0 {
		buffer = v.feedback.write(buffer, senderSSRC, v.tracks[0].ssrc)
	}
	v.sendRTCP(f, buffer)
	if v.stalledAt == 0 && v.lastMs != 0 && nowMs-v.lastMs > v.crowd.options.StallMs {
		v.stalledAt = v.lastMs
		v.crowd.stalled(v)
	}
}

func (v *viewer) sendRTCP(f *fan.Fan, plain []byte) {
	to, ok := v.transport.Selected()
	if len(plain) == 0 || !ok {
		return
	}
	if sealed, err := v.keys.Out.EncryptRTCP(v.crowd.sealed[:0], plain, nil); err == nil {
		f.Queue(sealed, v.address, to)
	}
}

// connected takes over a finished handshake and what came during it.
func (v *viewer) connected(transport *rtc.Transport, remote *rtc.Description, keys *rtc.Keys, nowMs int64) {
	if v.transport != transport || v.gone {
		return
	}
	v.readyMs = nowMs
	v.keys = keys
	if v.crowd.witness == nil {
		v.crowd.witness, v.witness = v, true
	}
	v.crowd.profiles[rtc.ProfileName(keys.Profile)]++
	for i := range remote.Media {
		media := &remote.Media[i]
		if media.Rejected {
			continue
		}
		for j := range media.Codecs {
			codec := &media.Codecs[j]
			v.codecs[codec.Payload&127] = codec
			for _, feedback := range codec.Feedback {
				if feedback == "transport-cc" {
					v.wideID = media.Extensions[rtc.TransportCC]
				}
			}
		}
	}
	for _, packet := range v.early {
		v.Receive(packet, netip.AddrPort{}, nowMs)
	}
	v.early = nil
}

// forget drops the connection's state but keeps its counts.
func (v *viewer) forget() {
	for _, t := range v.tracks {
		v.finished.expected += t.seq.expected()
		v.finished.received += t.seq.received
		v.finished.frames += t.frames
		v.finished.bytes += t.bytes
		v.finished.repairs += t.repairs
	}
	v.transport, v.keys, v.early, v.tracks, v.wideID = nil, nil, nil, nil, 0
	v.codecs = [128]*rtc.Codec{}
	v.feedback = transportFeedback{}
}

func (v *viewer) counts() history {
	sum := v.finished
	for _, t := range v.tracks {
		sum.expected += t.seq.expected()
		sum.received += t.seq.received
		sum.frames += t.frames
		sum.bytes += t.bytes
		sum.repairs += t.repairs
	}
	return sum
}
