package publish

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"walnut-live/swarm/fan"
	"walnut-live/swarm/rtc"
)

const (
	mtu            = 1200
	videoClock     = 90_000
	soundClock     = 48_000
	reportEveryMs  = 1_000
	connectTimeout = 15 * time.Second
	// The packets of one picture are spread over this part of its time, as an encoder's pacer does.
	pacedPart  = 0.5
	sentWindow = 1024
	// Between two attempts to reach a server that is away.
	reconnectPause = 100 * time.Millisecond
	// Seconds between 1900 and 1970.
	ntpEpoch = 2_208_988_800
)

// Options of a publication: either WHIP or plain RTP.
type Options struct {
	VideoFile, KeysFile, SoundFile string
	Rate                           float64 // pictures per second

	Client   *http.Client
	Endpoint string
	Token    func() string

	RTP *PlainRTP

	// ReconnectMs without a word from the server lead to a new session; 0 = never. By WHIP only.
	ReconnectMs int64
}

// PlainRTP is where a server takes RTP without encryption.
type PlainRTP struct{ Video, Sound PlainTrack }

// PlainTrack is one destination; RTCP may be the same as RTP.
type PlainTrack struct {
	RTP, RTCP netip.AddrPort
	Payload   uint8
	SSRC      uint32
}

// Stats of a publication.
type Stats struct {
	Packets     int64 `js:"packets"`
	Pictures    int64 `js:"pictures"`
	KeyPictures int64 `js:"keyPictures"`
	// KeyRequests are PLI and FIR messages that came.
	KeyRequests int64 `js:"keyRequests"`
	Resent      int64 `js:"resent"`
	Reconnects  int64 `js:"reconnects"`
	// LastError of trying to reconnect.
	LastError string `js:"lastError"`
	Profile   string `js:"profile"`
}

// Publisher sends until it is closed. Its state belongs to the fan's loop.
type Publisher struct {
	fan       *fan.Fan
	options   Options
	programme *programme
	address   netip.AddrPort
	identity  *rtc.Identity
	transport *rtc.Transport
	keys      *rtc.Keys
	session   *rtc.Session
	video     outgoing
	sound     outgoing
	payloader codecs.H264Payloader
	begunMs   float64
	begun     bool
	heardMs   int64
	opening   bool // a goroutine opens a new session
	picture   int64
	packet    int64
	due       []duePacket
	wantKey   bool
	nextSR    int64
	closed    bool
	stats     Stats
	scratch   []byte
}

type outgoing struct {
	PlainTrack
	sequence  uint16
	offset    uint32
	packets   uint32
	octets    uint32
	timestamp uint32
	sent      [sentWindow][]byte // for NACK
}

type duePacket struct {
	atMs   float64
	packet []byte
}

// Start begins to publish and returns when the server takes it.
func Start(f *fan.Fan, identity *rtc.Identity, options Options) (*Publisher, error) {
	programme, err := load(options.VideoFile, options.KeysFile, options.SoundFile)
	if err != nil {
		return nil, err
	}
	if options.Rate <= 0 {
		return nil, errors.New("the picture rate is missing")
	}
	p := &Publisher{fan: f, options: options, programme: programme, scratch: make([]byte, 0, 2048)}
	p.video.offset, p.sound.offset = rand.Uint32(), rand.Uint32()
	p.video.sequence, p.sound.sequence = uint16(rand.Uint32()), uint16(rand.Uint32())
	if p.address, err = f.Add(p); err != nil {
		return nil, err
	}
	f.Do(func() { f.AddTicker(p) })
	if options.RTP != nil {
		p.video.PlainTrack, p.sound.PlainTrack = options.RTP.Video, options.RTP.Sound
		p.stats.Profile = "none"
	} else {
		p.identity = identity
		p.video.PlainTrack = PlainTrack{Payload: rtc.PublishVideo, SSRC: 1 + rand.Uint32N(1<<31)}
		p.sound.PlainTrack = PlainTrack{Payload: rtc.PublishAudio, SSRC: 1 + rand.Uint32N(1<<31)}
		if err := p.connect(); err != nil {
			p.Close()
			return nil, err
		}
	}
	f.Do(func() { p.begunMs, p.begun = float64(f.NowMs()), true })
	return p, nil
}

// connect opens a session from the publisher's address; what was before is forgotten.
func (p *Publisher) connect() error {
	transport := rtc.NewTransport(p.fan, p.identity, p.address)
	if p.options.ReconnectMs > 0 {
		transport.ConsentMs = p.options.ReconnectMs / 4 // its answers are the sign of life
	}
	p.fan.Do(func() { p.transport, p.keys = transport, nil })
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	offer := rtc.PublishOffer(transport.Local, p.sound.SSRC, p.video.SSRC)
	session, answer, err := rtc.Post(ctx, p.options.Client, p.options.Endpoint, p.options.Token, p.address, offer)
	if err != nil {
		return fmt.Errorf("WHIP: %w", err)
	}
	keys, err := transport.Connect(ctx, answer)
	if err != nil {
		session.Delete()
		transport.Close()
		return err
	}
	to, _ := transport.Selected()
	p.fan.Do(func() {
		p.keys, p.session = keys, session
		p.heardMs, p.wantKey = p.fan.NowMs(), true
		p.video.RTP, p.video.RTCP, p.sound.RTP, p.sound.RTCP = to, to, to, to
		p.stats.Profile = rtc.ProfileName(keys.Profile)
	})
	return nil
}

// Stats so far.
func (p *Publisher) Stats() (stats Stats) {
	p.fan.Do(func() { stats = p.stats })
	return stats
}

// Close stops sending and tells the server. Idempotent.
func (p *Publisher) Close() {
	again := false
	p.fan.Do(func() { again, p.closed = p.closed, true })
	if again {
		return
	}
	if p.session != nil {
		p.session.Delete()
	}
	if p.transport != nil {
		p.transport.Close()
	}
	p.fan.Remove(p.address)
}

// Tick implements fan.Ticker.
func (p *Publisher) Tick(nowMs int64) {
	if p.closed {
		return
	}
	if p.transport != nil {
		p.transport.Tick(nowMs)
		p.watchServer(nowMs)
	}
	if !p.begun {
		return
	}
	now := float64(nowMs) - p.begunMs
	interval := 1000 / p.options.Rate
	for float64(p.picture)*interval <= now {
		p.takePicture(interval)
	}
	for soundMs := float64(opusFrame.Milliseconds()); float64(p.packet)*soundMs <= now; p.packet++ {
		frame := p.programme.sound[int(p.packet)%len(p.programme.sound)]
		timestamp := uint32(p.packet * soundClock * opusFrame.Milliseconds() / 1000)
		p.send(&p.sound, p.makePacket(&p.sound, frame, timestamp, p.packet == 0))
	}
	sent := 0
	for sent < len(p.due) && p.due[sent].atMs <= now {
		p.send(&p.video, p.due[sent].packet)
		sent++
	}
	p.due = append(p.due[:0], p.due[sent:]...)
	if nowMs >= p.nextSR {
		p.nextSR = nowMs + reportEveryMs
		p.sendReport(&p.video, now, videoClock)
		p.sendReport(&p.sound, now, soundClock)
	}
}

// watchServer opens a new session when the server has not been heard of.
func (p *Publisher) watchServer(nowMs int64) {
	if p.options.ReconnectMs == 0 || p.keys == nil || p.opening || nowMs-p.heardMs < p.options.ReconnectMs {
		return
	}
	p.opening, p.keys = true, nil
	p.stats.Reconnects++
	lost := p.transport
	go func() {
		lost.Close()
		for {
			err := p.connect()
			if err == nil {
				break
			}
			closed := false
			p.fan.Do(func() { closed, p.stats.LastError = p.closed, err.Error() })
			if closed {
				return
			}
			time.Sleep(reconnectPause)
		}
		p.fan.Do(func() { p.opening = false })
	}()
}

// takePicture puts the packets of the next picture in line.
func (p *Publisher) takePicture(interval float64) {
	index := int(p.picture) % len(p.programme.pictures)
	next := p.programme.pictures[index]
	if p.wantKey && p.programme.keys != nil && !next.key {
		next = p.programme.keys[index]
	}
	if next.key {
		p.wantKey = false
		p.stats.KeyPictures++
	}
	startMs := float64(p.picture) * interval
	timestamp := uint32(startMs * videoClock / 1000)
	var payloads [][]byte
	for _, nal := range next.nals {
		payloads = append(payloads, p.payloader.Payload(mtu-40, nal)...)
	}
	for i, payload := range payloads {
		packet := p.makePacket(&p.video, payload, timestamp, i == len(payloads)-1)
		p.due = append(p.due, duePacket{startMs + interval*pacedPart*float64(i)/float64(len(payloads)), packet})
	}
	p.picture++
	p.stats.Pictures++
}

func (p *Publisher) makePacket(track *outgoing, payload []byte, timestamp uint32, marker bool) []byte {
	packet := rtp.Packet{
		Header: rtp.Header{
			Version: 2, Marker: marker, PayloadType: track.Payload,
			SequenceNumber: track.sequence, Timestamp: timestamp + track.offset, SSRC: track.SSRC,
		},
		Payload: payload,
	}
	track.sequence++
	track.timestamp = packet.Timestamp
	raw, err := packet.Marshal()
	if err != nil {
		panic(err) // a header of ours always fits
	}
	return raw
}

func (p *Publisher) send(track *outgoing, packet []byte) {
	track.packets++
	track.octets += uint32(len(packet) - 12)
	p.stats.Packets++
	track.sent[binary.BigEndian.Uint16(packet[2:])%sentWindow] = packet
	p.transmit(track, packet)
}

func (p *Publisher) transmit(track *outgoing, packet []byte) {
	if p.transport != nil && p.keys == nil {
		return // between two sessions
	}
	if p.keys != nil {
		sealed, err := p.keys.Out.EncryptRTP(p.scratch[:0], packet, nil)
		if err != nil {
			return
		}
		packet = sealed
	}
	p.fan.Queue(packet, p.address, track.RTP)
}

// sendReport writes a sender report with a CNAME, in a compound packet (RFC 3550 section 6).
func (p *Publisher) sendReport(track *outgoing, now float64, clock float64) {
	wall := time.Now()
	report := []byte{0x80, 200, 0, 6}
	report = binary.BigEndian.AppendUint32(report, track.SSRC)
	report = binary.BigEndian.AppendUint32(report, uint32(wall.Unix()+ntpEpoch))
	report = binary.BigEndian.AppendUint32(report, uint32(float64(wall.Nanosecond())*(1<<32)/1e9))
	report = binary.BigEndian.AppendUint32(report, track.offset+uint32(now*clock/1000))
	report = binary.BigEndian.AppendUint32(report, track.packets)
	report = binary.BigEndian.AppendUint32(report, track.octets)
	report = append(report, 0x81, 202, 0, 4)
	report = binary.BigEndian.AppendUint32(report, track.SSRC)
	report = append(report, 1, 9)
	report = append(report, "programme"...)
	report = append(report, 0)
	if p.transport != nil && p.keys == nil {
		return
	}
	if p.keys != nil {
		sealed, err := p.keys.Out.EncryptRTCP(nil, report, nil)
		if err != nil {
			return
		}
		report = sealed
	}
	p.fan.Queue(report, p.address, track.RTCP)
}
