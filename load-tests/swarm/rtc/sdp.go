// Package rtc is the client half of a WebRTC session without a media engine: SDP, WHIP and WHEP over HTTP, ICE with one
// host candidate, DTLS and SRTP keys. It leaves RTP alone; package watch and package publish look at it.
package rtc

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Extension URIs that are looked at.
const (
	TransportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	extMid      = "urn:ietf:params:rtp-hdrext:sdes:mid"
	extAbsTime  = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
)

// Codec is one payload type.
type Codec struct {
	Payload   uint8
	Name      string // upper case: H264, VP8, OPUS, RTX
	ClockRate int
	Format    string // a=fmtp
	Feedback  []string
}

// RepairOf is the payload type that an RTX payload type repairs.
func (c Codec) RepairOf() (uint8, bool) {
	if c.Name != "RTX" {
		return 0, false
	}
	_, value, found := strings.Cut(c.Format, "apt=")
	number, err := strconv.Atoi(strings.SplitN(value, ";", 2)[0])
	return uint8(number), found && err == nil
}

// Media is one m-section.
type Media struct {
	Kind       string
	Mid        string
	Rejected   bool
	Codecs     []Codec
	Extensions map[string]uint8
	head       string
}

// Description is what the other side said.
type Description struct {
	Ufrag, Password string
	Fingerprint     []byte // SHA-256
	Setup           string
	Candidates      []netip.AddrPort // UDP, component 1
	Media           []Media
}

// Parse reads an offer or an answer. Lines that no one here needs are passed over.
func Parse(text string) (*Description, error) {
	d := &Description{}
	var media *Media
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "m="); ok {
			fields := strings.Fields(rest)
			if len(fields) < 4 {
				return nil, fmt.Errorf("m-line %q", line)
			}
			d.Media = append(d.Media, Media{Kind: fields[0], Rejected: fields[1] == "0", Extensions: map[string]uint8{}, head: rest})
			media = &d.Media[len(d.Media)-1]
			for _, payload := range fields[3:] {
				if number, err := strconv.Atoi(payload); err == nil {
					media.Codecs = append(media.Codecs, Codec{Payload: uint8(number)})
				}
			}
			continue
		}
		if rest, ok := strings.CutPrefix(line, "a="); ok {
			name, value, _ := strings.Cut(rest, ":")
			d.attribute(name, value)
			if media != nil {
				media.attribute(name, value)
			}
		}
	}
	if d.Ufrag == "" || d.Password == "" || len(d.Fingerprint) == 0 || len(d.Media) == 0 {
		return nil, fmt.Errorf("description without ICE credentials, SHA-256 fingerprint or media")
	}
	return d, nil
}

func (d *Description) attribute(name, value string) {
	switch name {
	case "ice-ufrag":
		d.Ufrag = value
	case "ice-pwd":
		d.Password = value
	case "setup":
		d.Setup = value
	case "fingerprint":
		algorithm, digest, _ := strings.Cut(value, " ")
		if bytes, err := hex.DecodeString(strings.ReplaceAll(digest, ":", "")); err == nil && strings.EqualFold(algorithm, "sha-256") {
			d.Fingerprint = bytes
		}
	case "candidate":
		fields := strings.Fields(value)
		if len(fields) < 8 || fields[1] != "1" || !strings.EqualFold(fields[2], "udp") {
			return
		}
		address, err := netip.ParseAddr(fields[4])
		port, portErr := strconv.ParseUint(fields[5], 10, 16)
		candidate := netip.AddrPortFrom(address, uint16(port))
		if err != nil || portErr != nil || !address.Is4() {
			return
		}
		for _, known := range d.Candidates {
			if known == candidate {
				return
			}
		}
		d.Candidates = append(d.Candidates, candidate)
	}
}

func (m *Media) attribute(name, value string) {
	number, rest, _ := strings.Cut(value, " ")
	switch name {
	case "mid":
		m.Mid = value
	case "extmap":
		id, _, _ := strings.Cut(number, "/")
		if parsed, err := strconv.ParseUint(id, 10, 8); err == nil {
			m.Extensions[rest] = uint8(parsed)
		}
	case "rtpmap", "fmtp", "rtcp-fb":
		payload, err := strconv.ParseUint(number, 10, 8)
		for i := range m.Codecs {
			codec := &m.Codecs[i]
			if (err != nil || codec.Payload != uint8(payload)) && number != "*" {
				continue
			}
			switch name {
			case "rtpmap":
				parts := strings.Split(rest, "/")
				codec.Name = strings.ToUpper(parts[0])
				if len(parts) > 1 {
					codec.ClockRate, _ = strconv.Atoi(parts[1])
				}
			case "fmtp":
				codec.Format = rest
			default:
				codec.Feedback = append(codec.Feedback, rest)
			}
		}
	}
}

// Local is what this side says of itself.
type Local struct {
	Ufrag, Password string
	Fingerprint     string // upper-case hex with colons
	Address         netip.AddrPort
}

func (l Local) session() string {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=msid-semantic: WMS *\r\n"
}

func (l Local) transport(setup string) string {
	return fmt.Sprintf("c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\na=setup:%s\r\n"+
		"a=candidate:1 1 udp 2130706431 %s %d typ host\r\na=end-of-candidates\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
		l.Ufrag, l.Password, l.Fingerprint, setup, l.Address.Addr(), l.Address.Port())
}

// What a browser offers to watch, as far as it changes what the server does per packet.
const (
	audioCodecs = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtcp-fb:111 transport-cc\r\n"
	h264Codec   = "a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
	videoCodecs = h264Codec + "a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
)

func videoFeedback(payloads ...int) string {
	var text strings.Builder
	for _, payload := range payloads {
		for _, feedback := range []string{"transport-cc", "goog-remb", "nack", "nack pli", "ccm fir"} {
			fmt.Fprintf(&text, "a=rtcp-fb:%d %s\r\n", payload, feedback)
		}
	}
	return text.String()
}

func extensions() string {
	return fmt.Sprintf("a=extmap:1 %s\r\na=extmap:2 %s\r\na=extmap:3 %s\r\n", extMid, extAbsTime, TransportCC)
}

// WatchOffer asks for one audio and one video track.
func WatchOffer(l Local) string {
	return l.session() + "a=group:BUNDLE 0 1\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + l.transport("actpass") + "a=mid:0\r\na=recvonly\r\n" + extensions() + audioCodecs +
		"m=video 9 UDP/TLS/RTP/SAVPF 102 103 96 97\r\n" + l.transport("actpass") + "a=mid:1\r\na=recvonly\r\n" + extensions() +
		videoCodecs + videoFeedback(102, 96)
}

// Payload types and SSRCs of a publication; OfferToPublish says them.
const (
	PublishAudio = 111
	PublishVideo = 102
)

// PublishOffer announces one Opus and one H.264 track.
func PublishOffer(l Local, audioSSRC, videoSSRC uint32) string {
	source := func(ssrc uint32, kind string) string {
		return fmt.Sprintf("a=msid:programme %s\r\na=ssrc:%d cname:programme\r\na=ssrc:%d msid:programme %s\r\n", kind, ssrc, ssrc, kind)
	}
	mid := fmt.Sprintf("a=extmap:1 %s\r\n", extMid)
	return l.session() + "a=group:BUNDLE 0 1\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + l.transport("actpass") + "a=mid:0\r\na=sendonly\r\n" + mid +
		"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n" + source(audioSSRC, "audio") +
		"m=video 9 UDP/TLS/RTP/SAVPF 102\r\n" + l.transport("actpass") + "a=mid:1\r\na=sendonly\r\n" + mid + h264Codec +
		"a=rtcp-fb:102 nack pli\r\na=rtcp-fb:102 ccm fir\r\na=rtcp-fb:102 nack\r\n" + source(videoSSRC, "video")
}

// WatchAnswer accepts what a server offers, for servers that speak first.
func WatchAnswer(l Local, remote *Description) string {
	text := l.session() + "a=group:BUNDLE"
	for _, media := range remote.Media {
		text += " " + media.Mid
	}
	text += "\r\n"
	for _, media := range remote.Media {
		fields := strings.Fields(media.head)
		text += "m=" + media.Kind + " 9 " + strings.Join(fields[2:], " ") + "\r\n" + l.transport("active") + "a=mid:" + media.Mid + "\r\na=recvonly\r\n"
		for _, uri := range []string{extMid, extAbsTime, TransportCC} {
			if id, ok := media.Extensions[uri]; ok {
				text += fmt.Sprintf("a=extmap:%d %s\r\n", id, uri)
			}
		}
		for _, codec := range media.Codecs {
			channels := ""
			if codec.Name == "OPUS" {
				channels = "/2"
			}
			text += fmt.Sprintf("a=rtpmap:%d %s/%d%s\r\n", codec.Payload, codec.Name, codec.ClockRate, channels)
			if codec.Format != "" {
				text += fmt.Sprintf("a=fmtp:%d %s\r\n", codec.Payload, codec.Format)
			}
			for _, feedback := range codec.Feedback {
				text += fmt.Sprintf("a=rtcp-fb:%d %s\r\n", codec.Payload, feedback)
			}
		}
	}
	return text
}
