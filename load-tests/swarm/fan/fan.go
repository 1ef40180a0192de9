// Package fan gives thousands of WebRTC peers one UDP socket.
//
// Model: the socket is bound to one port on every address; each peer owns one loopback (or otherwise local) address of
// a /16 and is told apart by the destination address of what arrives (IP_PKTINFO). A server therefore sees a different
// remote address for every peer, as it would on the internet, while the generator reads hundreds of datagrams with one
// recvmmsg. Linux answers on every address of 127.0.0.0/8; other ranges need `ip route add local RANGE dev lo`.
//
// Invariants: everything that a Peer does happens on the loop's goroutine (Receive, Tick and functions given to Do), so
// peers need no locks; Send may be called from any goroutine. What the kernel dropped because the generator was late is
// counted (Overflow) and is never taken for loss on the server's side.
package fan

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MaxPeers is how many addresses the /16 has to give; the first is left alone.
	MaxPeers = 65_000
	// Datagrams per recvmmsg; at 1 ms of rest that is 128,000 a second before the loop stops resting.
	batchSize = 128
	// The longest datagram that is looked at; RTP here stays below 1,500.
	maxDatagram = 2048
	// How long the loop rests when the socket was empty: it coalesces as a network card would, and spares the server's
	// core a wake-up per packet. Arrival times are this coarse.
	rest = time.Millisecond
	// Ticks come this often; a peer chooses which of them it uses.
	tickEvery = time.Millisecond
	// Asked for with SO_RCVBUFFORCE, so that a late generator loses nothing.
	receiveBufferBytes = 256 << 20
)

// Peer is one participant. Its methods run on the loop's goroutine; packet is only valid during the call.
type Peer interface {
	Receive(packet []byte, from netip.AddrPort, nowMs int64)
}

// Ticker is run once a millisecond (as often as the loop comes round) with the time since the start.
type Ticker interface {
	Tick(nowMs int64)
}

// Fan is the socket and its loop.
type Fan struct {
	fd       int
	port     int
	base     uint32
	peers    []atomic.Pointer[peerSlot]
	next     atomic.Uint32
	tickers  []Ticker
	posted   chan func()
	done     chan struct{}
	stopped  chan struct{}
	closing  sync.Once
	overflow atomic.Uint32
	started  time.Time
	received atomic.Uint64
	out      *outbox
}

type peerSlot struct{ peer Peer }

// Listen opens the socket. base is the first address of a /16 that is local to this machine, for example 127.16.0.0.
func Listen(base netip.Addr, port int) (*Fan, error) {
	if !base.Is4() {
		return nil, fmt.Errorf("the addresses of the peers must be IPv4, not %s", base)
	}
	fd, bound, err := openSocket(port)
	if err != nil {
		return nil, err
	}
	four := base.As4()
	fan := &Fan{
		fd:      fd,
		port:    bound,
		base:    binary.BigEndian.Uint32(four[:]) &^ 0xffff,
		peers:   make([]atomic.Pointer[peerSlot], 1<<16),
		posted:  make(chan func(), 4096),
		done:    make(chan struct{}),
		stopped: make(chan struct{}),
		started: time.Now(),
	}
	fan.out = newOutbox(fd)
	go fan.loop()
	return fan, nil
}

// Add gives the peer an address of its own. The address is not given again before 65,000 others were.
func (f *Fan) Add(peer Peer) (netip.AddrPort, error) {
	for range MaxPeers {
		index := f.next.Add(1)%MaxPeers + 1
		if f.peers[index].CompareAndSwap(nil, &peerSlot{peer}) {
			return netip.AddrPortFrom(f.address(index), uint16(f.port)), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("all %d addresses are taken", MaxPeers)
}

// Remove takes the address back; what still arrives there is dropped.
func (f *Fan) Remove(address netip.AddrPort) {
	four := address.Addr().As4()
	f.peers[binary.BigEndian.Uint32(four[:])&0xffff].Store(nil)
}

func (f *Fan) address(index uint32) netip.Addr {
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], f.base|index)
	return netip.AddrFrom4(four)
}

// Do runs the function on the loop's goroutine and waits for it. It does nothing once the fan is closed.
func (f *Fan) Do(work func()) {
	finished := make(chan struct{})
	select {
	case f.posted <- func() { work(); close(finished) }:
	case <-f.stopped:
		return
	}
	select {
	case <-finished:
	case <-f.stopped:
	}
}

// AddTicker must be called inside Do.
func (f *Fan) AddTicker(ticker Ticker) { f.tickers = append(f.tickers, ticker) }

// NowMs is the loop's clock: milliseconds since the fan was opened.
func (f *Fan) NowMs() int64 { return time.Since(f.started).Milliseconds() }

// Overflow is how many datagrams the kernel dropped because this process was late.
func (f *Fan) Overflow() uint32 { return f.overflow.Load() }

// Received is how many datagrams the loop has taken.
func (f *Fan) Received() uint64 { return f.received.Load() }

// Send sends at once, from any goroutine. UDP's errors are the network's: lost.
func (f *Fan) Send(packet []byte, from, to netip.AddrPort) { sendOne(f.fd, packet, from, to) }

// Queue sends at the end of this round of the loop, together with the others; only on the loop's goroutine.
func (f *Fan) Queue(packet []byte, from, to netip.AddrPort) { f.out.add(packet, from, to) }

// Close ends the loop and the socket. Idempotent.
func (f *Fan) Close() {
	f.closing.Do(func() {
		close(f.done)
		<-f.stopped
		closeSocket(f.fd)
	})
}

func (f *Fan) loop() {
	defer close(f.stopped)
	in := newInbox(f.fd)
	lastTick := int64(-1)
	for {
		select {
		case <-f.done:
			return
		default:
		}
		count := in.read()
		nowMs := f.NowMs()
		for i := range count {
			packet, from, to := in.message(i, &f.overflow)
			if slot := f.peers[to&0xffff].Load(); slot != nil {
				slot.peer.Receive(packet, from, nowMs)
			}
		}
		f.received.Add(uint64(count))
		f.runPosted()
		if nowMs-lastTick >= tickEvery.Milliseconds() {
			lastTick = nowMs
			for _, ticker := range f.tickers {
				ticker.Tick(nowMs)
			}
		}
		f.out.flush()
		if count < batchSize {
			time.Sleep(rest)
		}
	}
}

func (f *Fan) runPosted() {
	for {
		select {
		case work := <-f.posted:
			work()
		default:
			return
		}
	}
}
