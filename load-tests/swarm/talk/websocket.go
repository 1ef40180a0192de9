package talk

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A WebSocket client (RFC 6455) with nothing that a load generator does not need: text messages, no extensions, and one
// buffer per connection that grows to the largest message.
type socket struct {
	conn   net.Conn
	reader *bufio.Reader
	buffer []byte
	lock   sync.Mutex // writes
}

const (
	opText   = 0x1
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xa
	finBit   = 0x80
	maskBit  = 0x80
	writeFor = 10 * time.Second
	// What a connection keeps for reading; a frame that is larger is read past it.
	readBuffer = 4 << 10
	maxMessage = 8 << 20
)

var errClosed = errors.New("closed by the server")

func dial(ctx context.Context, address string, header http.Header) (*socket, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", target.Host)
	if err != nil {
		return nil, err
	}
	s := &socket{conn: conn, reader: bufio.NewReaderSize(conn, readBuffer)}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if err = s.upgrade(target, header); err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return s, nil
}

func (s *socket) upgrade(target *url.URL, header http.Header) error {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:])
	request := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: target.Path, RawQuery: target.RawQuery}, Host: target.Host, Header: header.Clone()}
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Sec-WebSocket-Version", "13")
	request.Header.Set("Sec-WebSocket-Key", base64.StdEncoding.EncodeToString(nonce[:]))
	if err := request.Write(s.conn); err != nil {
		return err
	}
	response, err := http.ReadResponse(s.reader, request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return fmt.Errorf("%s %s", response.Status, text)
	}
	return nil
}

// read returns the next text message; it is valid until the next call.
func (s *socket) read() ([]byte, error) {
	message := s.buffer[:0]
	for {
		var head [8]byte
		if _, err := io.ReadFull(s.reader, head[:2]); err != nil {
			return nil, err
		}
		final, op, size := head[0]&finBit != 0, head[0]&0x0f, uint64(head[1]&^maskBit)
		switch size {
		case 126:
			if _, err := io.ReadFull(s.reader, head[:2]); err != nil {
				return nil, err
			}
			size = uint64(binary.BigEndian.Uint16(head[:2]))
		case 127:
			if _, err := io.ReadFull(s.reader, head[:8]); err != nil {
				return nil, err
			}
			size = binary.BigEndian.Uint64(head[:8])
		}
		if size > maxMessage {
			return nil, fmt.Errorf("a message of %d bytes", size)
		}
		at := len(message)
		if need := at + int(size); cap(message) < need {
			grown := make([]byte, at, need+need/4)
			copy(grown, message)
			message = grown
		}
		message = message[:at+int(size)]
		if _, err := io.ReadFull(s.reader, message[at:]); err != nil {
			return nil, err
		}
		switch op {
		case opClose:
			return nil, errClosed
		case opPing:
			if err := s.write(opPong, message[at:]); err != nil {
				return nil, err
			}
			message = message[:at]
			continue
		case opPong:
			message = message[:at]
			continue
		}
		s.buffer = message
		if final {
			return message, nil
		}
	}
}

func (s *socket) send(text []byte) error { return s.write(opText, text) }

// write masks with a fresh key per frame, as clients must (RFC 6455, section 5.3).
func (s *socket) write(op byte, payload []byte) error {
	frame := make([]byte, 0, len(payload)+14)
	frame = append(frame, finBit|op)
	switch size := len(payload); {
	case size < 126:
		frame = append(frame, maskBit|byte(size))
	case size < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, maskBit|126), uint16(size))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, maskBit|127), uint64(size))
	}
	var key [4]byte
	_, _ = rand.Read(key[:]) // never fails since Go 1.24
	frame = append(frame, key[:]...)
	for at, b := range payload {
		frame = append(frame, b^key[at%len(key)])
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeFor))
	_, err := s.conn.Write(frame)
	return err
}

func (s *socket) close() { _ = s.conn.Close() }
