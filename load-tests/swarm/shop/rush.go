// Package shop is a crowd that buys: every buyer has a connection of their own and asks again as soon as they are answered, each
// time under a new idempotency key. It speaks just enough HTTP/1.1 for that, so that the load leaves the machine to the shop.
package shop

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"walnut-live/swarm/process"
)

// Longest wait for an answer; whoever waits longer counts as failed and comes again by another connection.
const answerWithin = 30 * time.Second

// Connections are opened a few at a time: what is measured is buying.
const openAtOnce = 50

// Options of a rush. URL is the whole address of the route; Tokens has one entry for each buyer.
type Options struct {
	URL    string
	Tokens []string
	Body   string
}

// Report of what was answered within the window; times in milliseconds. Total counts the answers of the whole rush.
type Report struct {
	Seconds        float64            `js:"seconds"`
	Accepted       int                `js:"accepted"`
	Refused        int                `js:"refused"`
	Failed         int                `js:"failed"`
	Total          int                `js:"total"`
	TotalAccepted  int                `js:"totalAccepted"`
	P50            float64            `js:"p50"`
	P95            float64            `js:"p95"`
	P99            float64            `js:"p99"`
	ProcessSeconds map[string]float64 `js:"processSeconds"`
}

type answer struct {
	at     time.Time
	took   time.Duration
	status int
}

// Rush blocks for warm and window; CPU time of processes is measured in the window alone.
func Rush(options Options, warm, window time.Duration, processes []int) (Report, error) {
	target, err := url.Parse(options.URL)
	if err != nil {
		return Report{}, err
	}
	if len(options.Tokens) == 0 {
		return Report{}, errors.New("a rush needs buyers")
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	answers := make([][]answer, len(options.Tokens))
	gate := make(chan struct{}, openAtOnce)
	from := time.Now().Add(warm)
	until := from.Add(window)
	var everybody sync.WaitGroup
	for n, token := range options.Tokens {
		everybody.Go(func() {
			buyer := &buyer{host: target.Host, gate: gate, request: requestOf(target, token, n, options.Body)}
			defer buyer.close()
			for tries := 0; time.Now().Before(until); tries++ {
				answers[n] = append(answers[n], buyer.ask(fmt.Sprintf("%s-%d-%d", run, n, tries)))
			}
		})
	}
	time.Sleep(time.Until(from))
	before := process.Seconds(processes)
	time.Sleep(time.Until(until))
	used := process.Seconds(processes)
	for id, seconds := range before {
		used[id] -= seconds
	}
	everybody.Wait()
	report := summarise(answers, from, until)
	report.ProcessSeconds = used
	return report, nil
}

func summarise(answers [][]answer, from, until time.Time) Report {
	report := Report{Seconds: until.Sub(from).Seconds()}
	var took []time.Duration
	for _, one := range slices.Concat(answers...) {
		report.Total++
		if one.status == 201 {
			report.TotalAccepted++
		}
		if one.status != 201 && one.status != 409 {
			report.Failed++
			continue
		}
		if one.at.Before(from) || !one.at.Before(until) {
			continue
		}
		took = append(took, one.took)
		if one.status == 201 {
			report.Accepted++
		} else {
			report.Refused++
		}
	}
	slices.Sort(took)
	report.P50, report.P95, report.P99 = quantile(took, 0.5), quantile(took, 0.95), quantile(took, 0.99)
	return report
}

func quantile(sorted []time.Duration, part float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(part*float64(len(sorted)-1))].Microseconds()) / 1000
}

// Everything of a request but its key, which comes last before the body.
type request struct{ head, body string }

func requestOf(target *url.URL, token string, n int, body string) request {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
		"X-Forwarded-For: 10.%d.%d.%d\r\nContent-Length: %d\r\nIdempotency-Key: ",
		target.RequestURI(), target.Host, token, n>>16, (n>>8)&255, n&255, len(body))
	return request{head, "\r\n\r\n" + body}
}

type buyer struct {
	host       string
	gate       chan struct{}
	request    request
	connection net.Conn
	reader     *bufio.Reader
}

func (b *buyer) close() {
	if b.connection != nil {
		b.connection.Close()
		b.connection = nil
	}
}

// A status of 0 means that there was no answer.
func (b *buyer) ask(key string) answer {
	if b.connection == nil {
		b.gate <- struct{}{}
		connection, err := net.DialTimeout("tcp", b.host, answerWithin)
		<-b.gate
		if err != nil {
			return answer{at: time.Now()}
		}
		b.connection, b.reader = connection, bufio.NewReaderSize(connection, 8192)
	}
	began := time.Now()
	b.connection.SetDeadline(began.Add(answerWithin))
	_, err := io.WriteString(b.connection, b.request.head+key+b.request.body)
	status := 0
	if err == nil {
		status, err = readAnswer(b.reader)
	}
	now := time.Now()
	if err != nil {
		b.close()
		return answer{at: now}
	}
	return answer{at: now, took: now.Sub(began), status: status}
}

// Status of one answer; its body must have a length.
func readAnswer(reader *bufio.Reader) (int, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return 0, errors.New("no status line")
	}
	status, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0, err
	}
	length := -1
	for {
		header, err := reader.ReadString('\n')
		if err != nil {
			return 0, err
		}
		header = strings.TrimSpace(header)
		if header == "" {
			break
		}
		if name, value, found := strings.Cut(header, ":"); found && strings.EqualFold(name, "content-length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("no content-length")
	}
	_, err = reader.Discard(length)
	return status, err
}
