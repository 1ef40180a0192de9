package talk

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A Socket.IO server of one room that answers everybody's first message with two messages of its own, one of them large.
func startRoom(t *testing.T, answers func(stamp string) []string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		digest := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		conn, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(digest[:]))
		client := &socket{conn: conn, reader: bufio.NewReader(buffered)}
		send := func(text string) { _, _ = conn.Write(serverFrame(text)) }
		send(`0{"sid":"x"}`)
		for {
			message, err := client.readMasked()
			if err != nil {
				return
			}
			text := string(message)
			switch {
			case strings.HasPrefix(text, "40"):
				send("40{}")
				send("2")
			case strings.HasPrefix(text, "42"):
				at := strings.Index(text, mark)
				for _, answer := range answers(text[at : at+2*len(mark)+stampDigits]) {
					send(answer)
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
}

func serverFrame(text string) []byte {
	size := len(text)
	switch {
	case size < 126:
		return append([]byte{0x81, byte(size)}, text...)
	case size < 1<<16:
		return append([]byte{0x81, 126, byte(size >> 8), byte(size)}, text...)
	}
	return append([]byte{0x81, 127, 0, 0, 0, 0, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}, text...)
}

// readMasked is read for the side that receives masked frames.
func (s *socket) readMasked() ([]byte, error) {
	head := make([]byte, 2)
	for at := range head {
		b, err := s.reader.ReadByte()
		if err != nil {
			return nil, err
		}
		head[at] = b
	}
	size := int(head[1] &^ maskBit)
	if size == 126 {
		high, _ := s.reader.ReadByte()
		low, _ := s.reader.ReadByte()
		size = int(high)<<8 | int(low)
	}
	payload := make([]byte, size+4)
	for at := range payload {
		b, err := s.reader.ReadByte()
		if err != nil {
			return nil, err
		}
		payload[at] = b
	}
	key, text := payload[:4], payload[4:]
	for at := range text {
		text[at] ^= key[at%4]
	}
	return text, nil
}

func TestCountsWhatArrivesAndHowOldItIs(t *testing.T) {
	padding := strings.Repeat("核", 30_000)
	address := startRoom(t, func(stamp string) []string {
		return []string{
			`42["message",{"text":"` + stamp + ` a"}]`,
			`42["message",[{"text":"` + stamp + padding + `"},{"text":"` + stamp + ` b"},{"text":"@@no stamp at all@@"}]]`,
			`42["other",{"text":"` + stamp + `"}]`,
			`431[{"ok":true}]`,
			`432[{"ok":false}]`,
		}
	})
	crowd, err := NewCrowd(Options{URL: address, Protocol: "socket.io", Text: "你好"})
	if err != nil {
		t.Fatal(err)
	}
	defer crowd.Close()
	if report := crowd.Enter(3, 1_000); report.Entered != 3 {
		t.Fatalf("entered %+v", report)
	}
	go crowd.Talk(2, 20, 100*time.Millisecond)
	measured := crowd.Measure(500*time.Millisecond, nil)
	if measured.Sent != 2 || measured.Delivered != 6 || measured.Frames != 4 || measured.Acknowledged != 2 || measured.Refused != 2 {
		t.Fatalf("measured %+v", measured)
	}
	if measured.AgeP99 <= 0 || measured.AgeP99 > 400 || measured.Alive != 3 {
		t.Fatalf("measured %+v", measured)
	}
}

func TestPersonsHaveIdsOfTheirOwn(t *testing.T) {
	if first, second := PersonID(0), PersonID(1); first == second || second != "00000000-0000-7000-8000-000000000001" {
		t.Fatal(first, second)
	}
}
