// Package watch is a crowd of viewers who speak ICE, DTLS, SRTP and RTCP as browsers do and decode nothing.
//
// What is counted comes from the clear RTP headers of all packets; decrypted are every packet until a viewer's first
// complete key picture, then one of Options.DecryptEvery (it proves the keys), and all packets of the first viewer.
package watch

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"sort"
	"sync"
	"syscall"
	"time"

	"walnut-live/swarm/fan"
	"walnut-live/swarm/rtc"
)

const (
	connectTimeout = 20 * time.Second
	reconnectEvery = 250 * time.Millisecond
	// A session that brings no packet for so long is opened anew: its server may have died, or its stream not be there yet.
	flowsWithin      = 5 * time.Second
	maxConnecting    = 128
	maxKeptErrors    = 5
	defaultFeedback  = 100
	defaultDecrypt   = 64
	defaultStallMs   = 500
	settlePollPeriod = 20 * time.Millisecond
)

// Signalling opens a session at the server for a transport's local side.
type Signalling interface {
	Open(ctx context.Context, local rtc.Local) (remote *rtc.Description, leave func(), err error)
}

// Options of a crowd. Zero values stand for the defaults.
type Options struct {
	Signalling Signalling
	// FeedbackMs is the interval of transport-wide feedback and of all other duties; a browser's is 50 to 250.
	FeedbackMs int64
	// Nack asks for what is missing, as browsers do.
	Nack bool
	// DecryptEvery: one packet of so many is decrypted after the first key picture.
	DecryptEvery uint16
	// StallMs without a packet is an interruption.
	StallMs int64
	// Reconnect opens a new session after an interruption, until it flows again.
	Reconnect bool
}

// Crowd is the viewers of one stream. Counters without a lock belong to the fan's loop.
type Crowd struct {
	fan      *fan.Fan
	identity *rtc.Identity
	options  Options

	viewers      []*viewer
	decryptEvery uint16
	bad          int64 // not RTP, or not authentic
	unknown      int64 // payload types that were not negotiated
	decrypted    int64
	plis         int64
	nacks        int64
	profiles     map[string]int
	witness      *viewer // decrypts everything: the first who got through
	scratch      []byte
	outgoing     []byte
	sealed       []byte
	slot         int64

	connecting chan struct{}
	leaves     map[*viewer]func()
	lock       sync.Mutex // leaves, errors, closed
	errors     []string
	lastError  string // of reconnecting
	failures   int
	closed     bool
}

// NewCrowd has no viewers yet.
func NewCrowd(f *fan.Fan, identity *rtc.Identity, options Options) *Crowd {
	if options.FeedbackMs <= 0 {
		options.FeedbackMs = defaultFeedback
	}
	if options.DecryptEvery == 0 {
		options.DecryptEvery = defaultDecrypt
	}
	if options.StallMs <= 0 {
		options.StallMs = defaultStallMs
	}
	c := &Crowd{
		fan: f, identity: identity, options: options, decryptEvery: options.DecryptEvery,
		profiles: map[string]int{}, leaves: map[*viewer]func(){}, connecting: make(chan struct{}, maxConnecting),
		scratch: make([]byte, 0, scratchSize), outgoing: make([]byte, 0, scratchSize), sealed: make([]byte, 0, scratchSize),
	}
	f.Do(func() { f.AddTicker(c) })
	return c
}

// Tick implements fan.Ticker: every viewer has its turn once in FeedbackMs, spread evenly.
func (c *Crowd) Tick(nowMs int64) {
	interval := c.options.FeedbackMs
	if nowMs-c.slot > interval {
		c.slot = nowMs - interval
	}
	for ; c.slot < nowMs; c.slot++ {
		for i := int(c.slot % interval); i < len(c.viewers); i += int(interval) {
			c.viewers[i].tick(c.fan, nowMs)
		}
	}
}

// Join adds viewers at a steady pace and returns when each of them has a complete key picture, failed, or ran out of time.
func (c *Crowd) Join(count int, perSecond float64, patience time.Duration) JoinReport {
	begin := time.Now()
	fresh := make([]*viewer, 0, count)
	for i := range count {
		if perSecond > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))))
		}
		v := &viewer{crowd: c}
		c.fan.Do(func() { c.viewers = append(c.viewers, v) })
		fresh = append(fresh, v)
		go c.connect(v)
	}
	asked := time.Since(begin)
	deadline := time.Now().Add(patience)
	for {
		missing := 0
		c.fan.Do(func() {
			for _, v := range fresh {
				if v.firstKeyMs == 0 && !v.gone {
					missing++
				}
			}
		})
		if missing == 0 || time.Now().After(deadline) {
			break
		}
		time.Sleep(settlePollPeriod)
	}
	return c.joinReport(fresh, asked)
}

func (c *Crowd) connect(v *viewer) {
	c.connecting <- struct{}{}
	defer func() { <-c.connecting }()
	if err := c.open(v); err != nil {
		c.note(err)
		c.fan.Do(func() { v.gone = v.transport == nil || v.keys == nil })
	}
}

// open makes one connection of a viewer; the viewer must have none.
func (c *Crowd) open(v *viewer) error {
	address, err := c.fan.Add(v)
	if err != nil {
		return err
	}
	transport := rtc.NewTransport(c.fan, c.identity, address)
	c.fan.Do(func() {
		v.address, v.transport = address, transport
		if v.joinMs == 0 {
			v.joinMs = c.fan.NowMs()
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	undo := func() {
		c.fan.Do(func() {
			if v.transport == transport {
				v.forget()
			}
		})
		transport.Close()
		c.fan.Remove(address)
	}
	remote, leave, err := c.options.Signalling.Open(ctx, transport.Local)
	if err != nil {
		undo()
		return err
	}
	keys, err := transport.Connect(ctx, remote)
	if err != nil {
		leave()
		undo()
		return err
	}
	c.lock.Lock()
	late := c.closed
	if !late {
		c.leaves[v] = func() { leave(); transport.Close(); c.fan.Remove(address) }
	}
	c.lock.Unlock()
	if late {
		leave()
		undo()
		return nil
	}
	c.fan.Do(func() { v.connected(transport, remote, keys, c.fan.NowMs()) })
	return nil
}

// stalled is called on the loop when a viewer's packets stopped.
func (c *Crowd) stalled(v *viewer) {
	if !c.options.Reconnect || v.gone {
		return
	}
	go func() {
		for {
			flowing := false
			c.fan.Do(func() { flowing = v.stalledAt == 0 || v.gone })
			if flowing {
				return
			}
			c.drop(v)
			c.fan.Do(func() { v.reconnects++; v.forget() })
			err := c.open(v)
			c.remember(err)
			if err == nil {
				for waited := time.Duration(0); !flowing && waited < flowsWithin; waited += reconnectEvery {
					time.Sleep(reconnectEvery)
					c.fan.Do(func() { flowing = v.stalledAt == 0 || v.gone })
				}
			} else {
				time.Sleep(reconnectEvery)
			}
			if flowing {
				return
			}
		}
	}()
}

func (c *Crowd) drop(v *viewer) {
	c.lock.Lock()
	leave := c.leaves[v]
	delete(c.leaves, v)
	c.lock.Unlock()
	if leave != nil {
		go leave() // the server may be away
	}
}

func (c *Crowd) remember(err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if err != nil {
		c.lastError = err.Error()
	}
}

func (c *Crowd) note(err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.failures++
	if len(c.errors) < maxKeptErrors {
		c.errors = append(c.errors, err.Error())
	}
}

// Close says goodbye to the server for every viewer. Idempotent.
func (c *Crowd) Close() {
	c.lock.Lock()
	c.closed = true
	leaves := c.leaves
	c.leaves = map[*viewer]func(){}
	c.lock.Unlock()
	c.fan.Do(func() {
		for _, v := range c.viewers {
			v.gone = true
		}
	})
	var wait sync.WaitGroup
	slots := make(chan struct{}, maxConnecting)
	for _, leave := range leaves {
		wait.Add(1)
		slots <- struct{}{}
		go func() { defer wait.Done(); leave(); <-slots }()
	}
	wait.Wait()
}

// percentile of sorted values, nearest rank; NaN without values.
func percentile(sorted []float64, part float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[max(0, int(math.Ceil(part*float64(len(sorted))))-1)]
}

// Spread of a list of values in milliseconds.
type Spread struct {
	Count int     `js:"count"`
	Min   float64 `js:"min"`
	P50   float64 `js:"p50"`
	P95   float64 `js:"p95"`
	P99   float64 `js:"p99"`
	Max   float64 `js:"max"`
}

func spreadOf(values []float64) Spread {
	sort.Float64s(values)
	return Spread{len(values), percentile(values, 0), percentile(values, .5), percentile(values, .95), percentile(values, .99), percentile(values, 1)}
}

// cpuSeconds that this process used.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // RUSAGE_SELF cannot fail
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// WHEP is signalling by RFC-draft WHEP: one POST, one DELETE.
type WHEP struct {
	Client   *http.Client
	Endpoint string
	Token    func() string
}

// Open implements Signalling.
func (w WHEP) Open(ctx context.Context, local rtc.Local) (*rtc.Description, func(), error) {
	session, answer, err := rtc.Post(ctx, w.Client, w.Endpoint, w.Token, local.Address, rtc.WatchOffer(local))
	if err != nil {
		return nil, nil, fmt.Errorf("WHEP: %w", err)
	}
	return answer, session.Delete, nil
}
