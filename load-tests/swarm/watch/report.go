package watch

import (
	"maps"
	"slices"
	"time"

	"walnut-live/swarm/process"
)

// JoinReport says how joining went.
type JoinReport struct {
	Asked     int      `js:"asked"`
	Connected int      `js:"connected"`
	Failed    int      `js:"failed"`
	WithKey   int      `js:"withKey"`
	Errors    []string `js:"errors"`
	// AskedSeconds is how long it took to send all the POSTs.
	AskedSeconds float64 `js:"askedSeconds"`
	// From the POST on.
	ConnectMs Spread `js:"connectMs"`
	FirstMs   Spread `js:"firstMs"`
	KeyMs     Spread `js:"keyMs"`
}

func (c *Crowd) joinReport(viewers []*viewer, asked time.Duration) JoinReport {
	report := JoinReport{Asked: len(viewers), AskedSeconds: asked.Seconds()}
	var connect, first, key []float64
	c.fan.Do(func() {
		for _, v := range viewers {
			if v.readyMs == 0 {
				report.Failed++
				continue
			}
			report.Connected++
			connect = append(connect, float64(v.readyMs-v.joinMs))
			if v.firstMs != 0 {
				first = append(first, float64(v.firstMs-v.joinMs))
			}
			if v.firstKeyMs != 0 {
				report.WithKey++
				key = append(key, float64(v.firstKeyMs-v.joinMs))
			}
		}
	})
	c.lock.Lock()
	report.Errors = slices.Clone(c.errors)
	c.lock.Unlock()
	report.ConnectMs, report.FirstMs, report.KeyMs = spreadOf(connect), spreadOf(first), spreadOf(key)
	return report
}

// Measurement is what happened during a window.
type Measurement struct {
	Seconds float64 `js:"seconds"`
	// Viewers that have a connection.
	Viewers int `js:"viewers"`
	// Packets and bytes of RTP that arrived, SRTP overhead included.
	Packets int64 `js:"packets"`
	Bytes   int64 `js:"bytes"`
	// Expected and Received by sequence numbers; Repaired of Received came by RTX.
	Expected int64 `js:"expected"`
	Received int64 `js:"received"`
	Repaired int64 `js:"repaired"`
	// Loss is the share of Expected that did not come; WorstLoss that of the viewer who has it worst.
	Loss      float64 `js:"loss"`
	WorstLoss float64 `js:"worstLoss"`
	// Pictures per viewer by marker bits.
	PicturesMean float64 `js:"picturesMean"`
	PicturesMin  float64 `js:"picturesMin"`
	// KeyPictures that the first viewer saw complete; it decrypts everything.
	KeyPictures int64 `js:"keyPictures"`
	Decrypted   int64 `js:"decrypted"`
	// Bad is what was not RTP or not authentic; Unknown had a payload type that was not agreed (probes of the bandwidth).
	Bad     int64 `js:"bad"`
	Unknown int64 `js:"unknown"`
	PLIs    int64 `js:"plis"`
	NACKs   int64 `js:"nacks"`
	// Overflow is what the kernel dropped because this process was late: the generator's fault, not the server's.
	Overflow int64 `js:"overflow"`
	// CPUSeconds of this process.
	CPUSeconds float64 `js:"cpuSeconds"`
	// ProcessSeconds is the CPU time of other processes, by process id: the server's, in the same window.
	ProcessSeconds map[string]float64 `js:"processSeconds"`
	// Profiles: SRTP protection profiles, by how many connections agreed on them since the beginning.
	Profiles map[string]int `js:"profiles"`
}

type tally struct {
	at                        time.Time
	perViewer                 []history
	packets, keys, decrypted  int64
	bad, unknown, plis, nacks int64
	overflow                  uint32
	cpu                       float64
	connected                 int
}

func (c *Crowd) tally() tally {
	var t tally
	c.fan.Do(func() {
		t = tally{
			at: time.Now(), perViewer: make([]history, len(c.viewers)), decrypted: c.decrypted,
			bad: c.bad, unknown: c.unknown, plis: c.plis, nacks: c.nacks, overflow: c.fan.Overflow(), cpu: cpuSeconds(),
		}
		for i, v := range c.viewers {
			t.perViewer[i] = v.counts()
			t.packets += v.packets
			if v.keys != nil {
				t.connected++
			}
			if v.witness {
				for _, track := range v.tracks {
					t.keys += track.keys.complete
				}
			}
		}
	})
	return t
}

// Measure watches for so long. Viewers must not join meanwhile.
func (c *Crowd) Measure(window time.Duration, processes []int) Measurement {
	before, used := c.tally(), process.Seconds(processes)
	time.Sleep(window)
	after := c.tally()
	for id, seconds := range process.Seconds(processes) {
		used[id] = seconds - used[id]
	}
	m := Measurement{
		Seconds: after.at.Sub(before.at).Seconds(), Viewers: after.connected,
		Packets: after.packets - before.packets, KeyPictures: after.keys - before.keys, Decrypted: after.decrypted - before.decrypted,
		Bad: after.bad - before.bad, Unknown: after.unknown - before.unknown, PLIs: after.plis - before.plis, NACKs: after.nacks - before.nacks,
		Overflow: int64(after.overflow - before.overflow), CPUSeconds: after.cpu - before.cpu, ProcessSeconds: used,
	}
	c.fan.Do(func() { m.Profiles = maps.Clone(c.profiles) })
	var pictures []float64
	for i, then := range before.perViewer {
		now := after.perViewer[i]
		expected, received := now.expected-then.expected, now.received-then.received
		m.Expected += expected
		m.Received += received
		m.Repaired += now.repairs - then.repairs
		m.Bytes += now.bytes - then.bytes
		if expected > 0 {
			m.WorstLoss = max(m.WorstLoss, 1-float64(received)/float64(expected))
		}
		if now.expected > 0 {
			pictures = append(pictures, float64(now.frames-then.frames))
		}
	}
	if m.Expected > 0 {
		m.Loss = max(0, 1-float64(m.Received)/float64(m.Expected))
	}
	spread := spreadOf(pictures)
	m.PicturesMin = spread.Min
	for _, one := range pictures {
		m.PicturesMean += one / float64(len(pictures))
	}
	return m
}

// Interruptions since the beginning.
type Interruptions struct {
	// Viewers who were interrupted at least once; Open of them still are.
	Viewers int `js:"viewers"`
	Open    int `js:"open"`
	// Ms without a packet, of those that ended.
	Ms         Spread `js:"ms"`
	Reconnects int64  `js:"reconnects"`
	// LastError of trying to reconnect, whether or not it went well afterwards.
	LastError string `js:"lastError"`
}

// Interruptions tells who was without packets for longer than Options.StallMs.
func (c *Crowd) Interruptions() Interruptions {
	var report Interruptions
	var lengths []float64
	c.fan.Do(func() {
		for _, v := range c.viewers {
			if v.stalledAt != 0 {
				report.Open++
			}
			if v.stalledAt != 0 || len(v.interrupted) > 0 {
				report.Viewers++
			}
			for _, ms := range v.interrupted {
				lengths = append(lengths, float64(ms))
			}
			report.Reconnects += v.reconnects
		}
	})
	report.Ms = spreadOf(lengths)
	c.lock.Lock()
	report.LastError = c.lastError
	c.lock.Unlock()
	return report
}
