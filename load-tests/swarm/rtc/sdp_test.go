package rtc

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// What others' implementation makes of our offers, and we of its answers.
func TestOffersAreAnsweredByOthers(t *testing.T) {
	local := Local{Ufrag: "abcd", Password: strings.Repeat("p", 24), Fingerprint: strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), Address: netip.MustParseAddrPort("127.16.0.2:5000")}
	for name, offer := range map[string]string{"watch": WatchOffer(local), "publish": PublishOffer(local, 11, 22)} {
		other, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if name == "watch" {
			for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
				if _, err := other.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := other.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		answer, err := other.CreateAnswer(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		read, err := Parse(answer.SDP)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(read.Media) != 2 || len(read.Fingerprint) != 32 || read.Setup != "active" {
			t.Errorf("%s: read %+v", name, read)
		}
		var video *Codec
		for i, codec := range read.Media[1].Codecs {
			if codec.Name == "H264" {
				video = &read.Media[1].Codecs[i]
			}
		}
		if video == nil || video.Payload != PublishVideo || video.ClockRate != 90_000 {
			t.Errorf("%s: no H.264 in %+v", name, read.Media[1])
		}
	}
}

func TestParseRefusesWhatCannotBeConnected(t *testing.T) {
	for _, text := range []string{"", "v=0\r\n", "m=video\r\n", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\n"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
