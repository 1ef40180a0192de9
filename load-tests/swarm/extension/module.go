// Package extension is the swarm as a k6 module, 'k6/x/swarm'. Its types for scripts: load-tests/k6/lib/swarm.d.ts.
package extension

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"go.k6.io/k6/js/modules"

	"walnut-live/swarm/fan"
	"walnut-live/swarm/publish"
	"walnut-live/swarm/rtc"
	"walnut-live/swarm/shop"
	"walnut-live/swarm/talk"
	"walnut-live/swarm/watch"
)

// The peers' addresses; SWARM_ADDRESSES names another /16 of this machine's own.
const defaultAddresses = "127.16.0.0"

func init() { modules.Register("k6/x/swarm", new(root)) }

// root is shared by all VUs: one socket for the whole process.
type root struct {
	once     sync.Once
	fan      *fan.Fan
	identity *rtc.Identity
	client   *http.Client
	err      error
	reports  sync.Mutex
}

func (r *root) NewModuleInstance(modules.VU) modules.Instance { return &instance{r} }

func (r *root) open() error {
	r.once.Do(func() {
		var base netip.Addr
		text := os.Getenv("SWARM_ADDRESSES")
		if text == "" {
			text = defaultAddresses
		}
		if base, r.err = netip.ParseAddr(text); r.err != nil {
			return
		}
		if r.identity, r.err = rtc.NewIdentity(); r.err != nil {
			return
		}
		r.client = rtc.NewHTTPClient()
		r.fan, r.err = fan.Listen(base, 0)
	})
	return r.err
}

type instance struct{ root *root }

func (i *instance) Exports() modules.Exports {
	return modules.Exports{Named: map[string]any{"crowd": i.crowd, "publish": i.publish, "talkers": talkers, "rush": rush, "report": i.report}}
}

// CrowdOptions as scripts give them.
type CrowdOptions struct {
	WhepURL    string `js:"whepUrl"`
	Token      string `js:"token"`
	Secret     string `js:"secret"`
	StreamID   string `js:"streamId"`
	JanusURL   string `js:"janusUrl"`
	MountPoint int    `js:"mountPoint"`
	FeedbackMs int64  `js:"feedbackMs"`
	NoNack     bool   `js:"noNack"`
	StallMs    int64  `js:"stallMs"`
	Reconnect  bool   `js:"reconnect"`
}

// Crowd is what scripts hold.
type Crowd struct{ crowd *watch.Crowd }

func (i *instance) crowd(options CrowdOptions) (*Crowd, error) {
	if err := i.root.open(); err != nil {
		return nil, err
	}
	var signalling watch.Signalling
	switch {
	case options.WhepURL != "":
		signalling = watch.WHEP{Client: i.root.client, Endpoint: options.WhepURL, Token: tokens(options.Token, options.Secret, options.StreamID, "watch")}
	case options.JanusURL != "":
		signalling = watch.Janus{Client: i.root.client, Endpoint: options.JanusURL, MountPoint: options.MountPoint}
	default:
		return nil, errors.New("a crowd needs whepUrl or janusUrl")
	}
	return &Crowd{watch.NewCrowd(i.root.fan, i.root.identity, watch.Options{
		Signalling: signalling, FeedbackMs: options.FeedbackMs, Nack: !options.NoNack,
		StallMs: options.StallMs, Reconnect: options.Reconnect,
	})}, nil
}

// Join blocks until all have a picture or patienceSeconds have passed since the last of them was asked to join.
func (c *Crowd) Join(count int, perSecond, patienceSeconds float64) watch.JoinReport {
	return c.crowd.Join(count, perSecond, seconds(patienceSeconds))
}

// Measure blocks for so long; processes are ids whose CPU time is measured in the same window.
func (c *Crowd) Measure(windowSeconds float64, processes []int) watch.Measurement {
	return c.crowd.Measure(seconds(windowSeconds), processes)
}

// Interruptions since the beginning.
func (c *Crowd) Interruptions() watch.Interruptions { return c.crowd.Interruptions() }

// Close ends all sessions.
func (c *Crowd) Close() { c.crowd.Close() }

// RushOptions as scripts give them; the file holds a JSON array of access tokens, one for each buyer.
type RushOptions struct {
	URL           string  `js:"url"`
	TokensFile    string  `js:"tokensFile"`
	Body          string  `js:"body"`
	WarmSeconds   float64 `js:"warmSeconds"`
	WindowSeconds float64 `js:"windowSeconds"`
	Processes     []int   `js:"processes"`
}

// Blocks for the whole rush.
func rush(options RushOptions) (shop.Report, error) {
	raw, err := os.ReadFile(options.TokensFile)
	if err != nil {
		return shop.Report{}, err
	}
	var tokens []string
	if err := json.Unmarshal(raw, &tokens); err != nil {
		return shop.Report{}, err
	}
	return shop.Rush(shop.Options{URL: options.URL, Tokens: tokens, Body: options.Body},
		seconds(options.WarmSeconds), seconds(options.WindowSeconds), options.Processes)
}

// TalkersOptions as scripts give them.
type TalkersOptions struct {
	URL      string `js:"url"`
	Protocol string `js:"protocol"`
	RoomID   string `js:"roomId"`
	Secret   string `js:"secret"`
	Channel  string `js:"channel"`
	Text     string `js:"text"`
}

// Talkers is what scripts hold.
type Talkers struct{ crowd *talk.Crowd }

func talkers(options TalkersOptions) (*Talkers, error) {
	crowd, err := talk.NewCrowd(talk.Options(options))
	return &Talkers{crowd}, err
}

// Enter blocks until everybody is in the room or was refused.
func (t *Talkers) Enter(count int, perSecond float64) talk.EnterReport {
	return t.crowd.Enter(count, perSecond)
}

// Talk has `speakers` of them send messages for so long, beside what the script does next.
func (t *Talkers) Talk(speakers int, perSecond, forSeconds float64) {
	go t.crowd.Talk(speakers, perSecond, seconds(forSeconds))
}

// Measure blocks for so long.
func (t *Talkers) Measure(windowSeconds float64, processes []int) talk.Measurement {
	return t.crowd.Measure(seconds(windowSeconds), processes)
}

// Close ends all connections.
func (t *Talkers) Close() { t.crowd.Close() }

// PublishOptions as scripts give them.
type PublishOptions struct {
	WhipURL   string  `js:"whipUrl"`
	Token     string  `js:"token"`
	Secret    string  `js:"secret"`
	StreamID  string  `js:"streamId"`
	VideoFile string  `js:"videoFile"`
	KeysFile  string  `js:"keysFile"`
	SoundFile string  `js:"soundFile"`
	Rate      float64 `js:"rate"`
	// ReconnectMs without a word from the server lead to a new session.
	ReconnectMs int64       `js:"reconnectMs"`
	RTP         *RTPOptions `js:"rtp"`
}

// RTPOptions is the answer of our control API's rtp-ingest.
type RTPOptions struct {
	IP    string   `js:"ip"`
	Video RTPTrack `js:"video"`
	Audio RTPTrack `js:"audio"`
}

// RTPTrack is one destination.
type RTPTrack struct {
	Port        uint16 `js:"port"`
	RTCPPort    uint16 `js:"rtcpPort"`
	PayloadType uint8  `js:"payloadType"`
	SSRC        uint32 `js:"ssrc"`
}

func (i *instance) publish(options PublishOptions) (*publish.Publisher, error) {
	if err := i.root.open(); err != nil {
		return nil, err
	}
	translated := publish.Options{
		ReconnectMs: options.ReconnectMs, VideoFile: options.VideoFile, KeysFile: options.KeysFile, SoundFile: options.SoundFile, Rate: options.Rate,
		Client: i.root.client, Endpoint: options.WhipURL, Token: tokens(options.Token, options.Secret, options.StreamID, "publish"),
	}
	if options.RTP != nil {
		ip, err := netip.ParseAddr(options.RTP.IP)
		if err != nil {
			return nil, fmt.Errorf("rtp.ip: %w", err)
		}
		track := func(t RTPTrack) publish.PlainTrack {
			return publish.PlainTrack{RTP: netip.AddrPortFrom(ip, t.Port), RTCP: netip.AddrPortFrom(ip, t.RTCPPort), Payload: t.PayloadType, SSRC: t.SSRC}
		}
		translated.RTP = &publish.PlainRTP{Video: track(options.RTP.Video), Sound: track(options.RTP.Audio)}
	}
	return publish.Start(i.root.fan, i.root.identity, translated)
}

// report appends a value, as JSON text, to the file that the runner reads.
func (i *instance) report(text string) error {
	if !json.Valid([]byte(text)) {
		return errors.New("report takes JSON text")
	}
	name := os.Getenv("REPORT_FILE")
	if name == "" {
		fmt.Fprintln(os.Stderr, text)
		return nil
	}
	i.root.reports.Lock()
	defer i.root.reports.Unlock()
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text + "\n")
	return err
}

func tokens(token, secret, streamID, right string) func() string {
	if secret != "" {
		return rtc.MediaTokens(secret, streamID, right)
	}
	return func() string { return token }
}

func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }
