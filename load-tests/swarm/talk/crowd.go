// Package talk is a crowd in one room that speaks WebSocket: it enters, talks at a steady pace, and counts what arrives.
//
// Every message carries the moment it was sent between two marks. A receiver looks for the marks in the bytes and decodes
// nothing, so that one core of load can watch one core of server.
package talk

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"walnut-live/swarm/process"
)

const (
	mark         = "@@"
	stampDigits  = 16
	enterFor     = 30 * time.Second
	maxEntering  = 64
	maxErrors    = 5
	latencySteps = 4000
	stepMicros   = 500
)

// Options of a crowd.
type Options struct {
	// URL of the WebSocket, with its query.
	URL string
	// Protocol is walnut, socket.io or centrifugo.
	Protocol string
	// RoomID and Secret of our api, with which it would issue room tokens; FirstPerson is the number in the first one's id.
	RoomID string
	Secret string
	// Channel and Secret of centrifugo.
	Channel string
	// Text that every message carries besides the time.
	Text string
}

// Crowd in one room.
type Crowd struct {
	options  Options
	protocol protocol

	lock    sync.Mutex
	members []*socket
	errors  []string
	closed  bool

	alive        atomic.Int64
	lost         atomic.Int64
	frames       atomic.Int64
	bytes        atomic.Int64
	delivered    atomic.Int64
	sent         atomic.Int64
	acknowledged atomic.Int64
	refused      atomic.Int64
	// Deliveries by age; the last one is everything older.
	ages [latencySteps + 1]atomic.Int64
}

// NewCrowd has nobody in it yet.
func NewCrowd(options Options) (*Crowd, error) {
	c := &Crowd{options: options}
	switch options.Protocol {
	case "walnut":
		c.protocol = &socketIO{
			namespace: "/room,", frame: []byte(`42/room,["room:frame"`), event: "chat:send", acks: true,
			auth: func(person int) any {
				return map[string]string{"token": roomToken(options.Secret, options.RoomID, person), "roomId": options.RoomID}
			},
		}
	case "socket.io":
		c.protocol = &socketIO{frame: []byte(`42["message"`), event: "message", acks: true}
	case "centrifugo":
		c.protocol = &centrifugo{channel: options.Channel, token: func(person int) string {
			return signed(options.Secret, map[string]any{"sub": "person-" + strconv.Itoa(person), "exp": time.Now().Add(time.Hour).Unix()})
		}}
	default:
		return nil, fmt.Errorf("no protocol %q", options.Protocol)
	}
	return c, nil
}

// EnterReport says how many came in and why others did not.
type EnterReport struct {
	Entered int      `js:"entered" json:"entered"`
	Seconds float64  `js:"seconds" json:"seconds"`
	Errors  []string `js:"errors" json:"errors"`
}

// Enter brings in so many people at a steady pace.
func (c *Crowd) Enter(count int, perSecond float64) EnterReport {
	begin := time.Now()
	c.lock.Lock()
	first := len(c.members)
	c.lock.Unlock()
	var wait sync.WaitGroup
	entering := make(chan struct{}, maxEntering)
	var entered atomic.Int64
	for i := range count {
		time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))))
		entering <- struct{}{}
		wait.Go(func() {
			defer func() { <-entering }()
			if err := c.enter(first + i); err != nil {
				c.note(err)
				return
			}
			entered.Add(1)
		})
	}
	wait.Wait()
	c.lock.Lock()
	defer c.lock.Unlock()
	return EnterReport{int(entered.Load()), time.Since(begin).Seconds(), append([]string{}, c.errors...)}
}

func (c *Crowd) enter(person int) error {
	ctx, cancel := context.WithTimeout(context.Background(), enterFor)
	defer cancel()
	// Everybody comes from an address of their own, as behind a proxy.
	header := http.Header{"X-Forwarded-For": {fmt.Sprintf("10.%d.%d.%d", person>>16&255, person>>8&255, person&255)}}
	s, err := dial(ctx, c.options.URL, header)
	if err != nil {
		return err
	}
	deadline, _ := ctx.Deadline()
	_ = s.conn.SetReadDeadline(deadline)
	if err := c.protocol.enter(s, person); err != nil {
		s.close()
		return err
	}
	_ = s.conn.SetReadDeadline(time.Time{})
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.closed {
		s.close()
		return errors.New("closed")
	}
	c.members = append(c.members, s)
	c.alive.Add(1)
	go c.listen(s)
	return nil
}

func (c *Crowd) listen(s *socket) {
	defer c.alive.Add(-1)
	for {
		message, err := s.read()
		if err != nil {
			c.lock.Lock()
			closed := c.closed
			c.lock.Unlock()
			if !closed {
				c.lost.Add(1)
				c.note(err)
			}
			return
		}
		isRoom, acknowledged, refused, err := c.protocol.handle(s, message)
		if err != nil {
			continue // the next read says so
		}
		if acknowledged > 0 {
			c.acknowledged.Add(int64(acknowledged))
		}
		if refused > 0 {
			c.refused.Add(int64(refused))
			c.note(fmt.Errorf("refused: %.200s", message))
		}
		if isRoom {
			c.frames.Add(1)
			c.bytes.Add(int64(len(message)))
			c.count(message)
		}
	}
}

// count finds the stamps of all messages in the bytes.
func (c *Crowd) count(message []byte) {
	now := time.Now().UnixMicro()
	for {
		at := bytes.Index(message, []byte(mark))
		if at < 0 || len(message) < at+len(mark)+stampDigits+len(mark) {
			return
		}
		message = message[at+len(mark):]
		stamp, ok := digits(message[:stampDigits])
		message = message[stampDigits+len(mark):]
		if !ok {
			continue
		}
		c.delivered.Add(1)
		step := max(0, min(latencySteps, (now-stamp)/stepMicros))
		c.ages[step].Add(1)
	}
}

func digits(text []byte) (int64, bool) {
	var value int64
	for _, digit := range text {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		value = value*10 + int64(digit-'0')
	}
	return value, true
}

// Talk has people of the crowd in turn send messages at a steady pace for so long; it returns when the last is sent.
func (c *Crowd) Talk(speakers int, perSecond float64, duration time.Duration) {
	c.lock.Lock()
	members := c.members[:min(speakers, len(c.members))]
	c.lock.Unlock()
	if len(members) == 0 {
		return
	}
	begin := time.Now()
	for i := 0; ; i++ {
		at := time.Duration(float64(i) / perSecond * float64(time.Second))
		if at >= duration {
			return
		}
		time.Sleep(time.Until(begin.Add(at)))
		stamp := fmt.Sprintf("%s%0*d%s %s", mark, stampDigits, time.Now().UnixMicro(), mark, c.options.Text)
		if err := members[i%len(members)].send(c.protocol.say(stamp)); err == nil {
			c.sent.Add(1)
		}
	}
}

// Measurement of a window of time. Ages are in milliseconds, memory in bytes.
type Measurement struct {
	Seconds        float64            `js:"seconds" json:"seconds"`
	Alive          int64              `js:"alive" json:"alive"`
	Lost           int64              `js:"lost" json:"lost"`
	Sent           int64              `js:"sent" json:"sent"`
	Acknowledged   int64              `js:"acknowledged" json:"acknowledged"`
	Refused        int64              `js:"refused" json:"refused"`
	Delivered      int64              `js:"delivered" json:"delivered"`
	Frames         int64              `js:"frames" json:"frames"`
	Bytes          int64              `js:"bytes" json:"bytes"`
	AgeP50         float64            `js:"ageP50" json:"ageP50"`
	AgeP99         float64            `js:"ageP99" json:"ageP99"`
	AgeMax         float64            `js:"ageMax" json:"ageMax"`
	CPUSeconds     float64            `js:"cpuSeconds" json:"cpuSeconds"`
	ProcessSeconds map[string]float64 `js:"processSeconds" json:"processSeconds"`
	ProcessMemory  map[string]int64   `js:"processMemory" json:"processMemory"`
	Errors         []string           `js:"errors" json:"errors"`
}

type marks struct {
	at                                                          time.Time
	lost, sent, acknowledged, refused, delivered, frames, bytes int64
	ages                                                        []int64
	cpu                                                         float64
	processes                                                   map[string]float64
}

func (c *Crowd) marks(processes []int) marks {
	m := marks{
		at: time.Now(), lost: c.lost.Load(), sent: c.sent.Load(), acknowledged: c.acknowledged.Load(), refused: c.refused.Load(),
		delivered: c.delivered.Load(), frames: c.frames.Load(), bytes: c.bytes.Load(),
		ages: make([]int64, latencySteps+1), cpu: process.Seconds([]int{os.Getpid()})[strconv.Itoa(os.Getpid())], processes: process.Seconds(processes),
	}
	for step := range m.ages {
		m.ages[step] = c.ages[step].Load()
	}
	return m
}

// Measure counts for so long; processes are ids whose CPU time and memory are the server's.
func (c *Crowd) Measure(window time.Duration, processes []int) Measurement {
	before := c.marks(processes)
	time.Sleep(window)
	after := c.marks(processes)
	result := Measurement{
		Seconds: after.at.Sub(before.at).Seconds(), Alive: c.alive.Load(), Lost: after.lost - before.lost,
		Sent: after.sent - before.sent, Acknowledged: after.acknowledged - before.acknowledged, Refused: after.refused - before.refused,
		Delivered: after.delivered - before.delivered, Frames: after.frames - before.frames, Bytes: after.bytes - before.bytes,
		CPUSeconds: after.cpu - before.cpu, ProcessSeconds: map[string]float64{}, ProcessMemory: process.Memory(processes),
	}
	for id, used := range after.processes {
		result.ProcessSeconds[id] = used - before.processes[id]
	}
	for step := range after.ages {
		after.ages[step] -= before.ages[step]
	}
	result.AgeP50, result.AgeP99, result.AgeMax = quantile(after.ages, 0.5), quantile(after.ages, 0.99), quantile(after.ages, 1)
	c.lock.Lock()
	result.Errors = append([]string{}, c.errors...)
	c.lock.Unlock()
	return result
}

// quantile in milliseconds; beyond the last step it is what the steps can tell at least.
func quantile(ages []int64, part float64) float64 {
	var total int64
	for _, count := range ages {
		total += count
	}
	if total == 0 {
		return math.NaN()
	}
	want := int64(math.Ceil(part * float64(total)))
	var seen int64
	for step, count := range ages {
		if seen += count; seen >= want && count > 0 {
			return float64(min(step+1, latencySteps)) * stepMicros / 1000
		}
	}
	return latencySteps * stepMicros / 1000
}

// Close ends all connections.
func (c *Crowd) Close() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.closed = true
	for _, s := range c.members {
		s.close()
	}
}

func (c *Crowd) note(err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if len(c.errors) < maxErrors {
		c.errors = append(c.errors, err.Error())
	}
}

// PersonID of the nth person: a UUID of version 7 that the measurement has put into the database.
func PersonID(n int) string {
	var id [16]byte
	id[6], id[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
