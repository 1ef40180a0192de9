package watch

import (
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func arriveAll(s *sequence, numbers ...uint16) {
	for _, number := range numbers {
		s.arrive(number)
	}
}

func TestSequence(t *testing.T) {
	for _, c := range []struct {
		name                        string
		numbers                     []uint16
		expected, missing, repeated int64
	}{
		{"in order", []uint16{7, 8, 9}, 3, 0, 0},
		{"a gap", []uint16{7, 9, 10}, 4, 1, 0},
		{"a late one fills its gap", []uint16{7, 9, 8}, 3, 0, 0},
		{"twice is once", []uint16{7, 8, 8, 7}, 2, 0, 2},
		{"round the corner", []uint16{65534, 65535, 0, 2}, 5, 1, 0},
		{"before the first", []uint16{7, 6}, 1, 0, 1},
		{"older than the window", []uint16{7, 8, 3000, 9}, 2994, 2991, 1},
	} {
		var s sequence
		arriveAll(&s, c.numbers...)
		if s.expected() != c.expected || s.missing() != c.missing || s.repeated != c.repeated {
			t.Errorf("%s: expected %d missing %d repeated %d", c.name, s.expected(), s.missing(), s.repeated)
		}
	}
}

func TestSequenceForgetsWhatTheWindowHeldBefore(t *testing.T) {
	var s sequence
	arriveAll(&s, 1)
	arriveAll(&s, 1+sequenceWindow*2) // the same bit
	if s.has(1+sequenceWindow) || !s.has(1+sequenceWindow*2) {
		t.Error("a bit of an earlier round was taken for a packet")
	}
}

// Our feedback is read back by an implementation that is not ours.
func TestTransportFeedbackIsReadByOthers(t *testing.T) {
	var f transportFeedback
	arrivals := map[uint16]int64{65533: 1000, 65534: 1001, 0: 1010, 1: 1400, 5: 1390}
	for _, number := range []uint16{65533, 65534, 0, 1, 5} {
		f.arrive(number, arrivals[number])
	}
	var read rtcp.TransportLayerCC
	if err := read.Unmarshal(f.write(nil, 1, 2)); err != nil {
		t.Fatal(err)
	}
	if read.BaseSequenceNumber != 65533 || read.PacketStatusCount != 9 || read.MediaSSRC != 2 {
		t.Fatalf("header: %+v", read)
	}
	var got []uint16
	atMs := int64(read.ReferenceTime) * referenceUnitMs
	delta := 0
	for i := range read.PacketStatusCount {
		symbol := read.PacketChunks[i/statusesPerChunk].(*rtcp.StatusVectorChunk).SymbolList[i%statusesPerChunk]
		if symbol == statusNone {
			continue
		}
		number := read.BaseSequenceNumber + i
		atMs += read.RecvDeltas[delta].Delta / 1000
		delta++
		got = append(got, number)
		if atMs != arrivals[number] {
			t.Errorf("packet %d arrived at %d, not %d", number, atMs, arrivals[number])
		}
	}
	if len(got) != len(arrivals) {
		t.Errorf("told of %v", got)
	}
	if len(f.write(nil, 1, 2)) != 0 {
		t.Error("nothing new came, and yet there was feedback")
	}
}

func TestKeyPictures(t *testing.T) {
	stapOfParameters := []byte{24, 0, 2, 0x67, 1, 0, 2, 0x68, 1}
	startOfIDR, middleOfIDR := []byte{28, 0x85, 1}, []byte{28, 5, 1}
	slice := []byte{0x41, 1, 2}
	type packet struct {
		number    uint16
		timestamp uint32
		marker    bool
		payload   []byte
	}
	for _, c := range []struct {
		name     string
		packets  []packet
		complete int64
	}{
		{"whole", []packet{{1, 10, false, stapOfParameters}, {2, 10, false, startOfIDR}, {3, 10, true, middleOfIDR}}, 1},
		{"a hole", []packet{{1, 10, false, stapOfParameters}, {2, 10, false, startOfIDR}, {4, 10, true, middleOfIDR}}, 0},
		{"a hole that is filled later", []packet{{1, 10, false, stapOfParameters}, {4, 10, true, middleOfIDR}, {2, 10, false, startOfIDR}, {3, 10, false, middleOfIDR}}, 1},
		{"no marker yet", []packet{{1, 10, false, stapOfParameters}, {2, 10, false, startOfIDR}}, 0},
		{"the next picture's marker is not its own", []packet{{1, 10, false, startOfIDR}, {3, 11, true, slice}}, 0},
		{"only slices", []packet{{1, 10, true, slice}, {2, 11, true, slice}}, 0},
	} {
		var s sequence
		k := keyframes{start: h264Start}
		for _, p := range c.packets {
			s.arrive(p.number)
			k.look(p.payload, p.timestamp, p.marker, s.latest, &s)
		}
		if k.complete != c.complete {
			t.Errorf("%s: %d complete", c.name, k.complete)
		}
	}
}

func TestVP8KeyPictures(t *testing.T) {
	for name, c := range map[string]struct {
		payload []byte
		want    frameStart
	}{
		"key":                     {[]byte{0x10, 0x00}, keyStart},
		"inter":                   {[]byte{0x10, 0x01}, notKey},
		"later partition":         {[]byte{0x11, 0x00}, notKey},
		"long picture id":         {[]byte{0x90, 0x80, 0x81, 0x02, 0x00}, keyStart},
		"all extensions":          {[]byte{0x90, 0xf0, 0x01, 0x02, 0x03, 0x00}, keyStart},
		"cut off in an extension": {[]byte{0x90, 0xf0, 0x81}, notKey},
		"empty":                   {nil, notKey},
	} {
		if got := vp8Start(c.payload); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestHeaderWithExtensions(t *testing.T) {
	packet := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: 102, SequenceNumber: 7, SSRC: 9}, Payload: []byte{1, 2, 3}}
	for id, value := range map[uint8][]byte{1: []byte("0"), 2: {1, 2, 3}, 3: {0x12, 0x34}} {
		if err := packet.SetExtension(id, value); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := packet.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	var h rtpHeader
	if !h.parse(raw, 3) || h.wide != 0x1234 || !h.hasWide || !h.marker || h.payload != 102 || h.length != len(raw)-3 {
		t.Errorf("read %+v", h)
	}
	for cut := range len(raw) - 3 {
		h.parse(raw[:cut], 3) // must not fall over
	}
}
