package talk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
)

// protocol is how a server wants to be spoken to. `enter` runs once per connection; `handle` sees every message after that
// and says whether it carries messages of the room. `say` is one message with this text.
type protocol interface {
	enter(s *socket, person int) error
	handle(s *socket, message []byte) (isRoom bool, acknowledged int, refused int, err error)
	say(text string) []byte
}

// next reads until a message begins with prefix.
func next(s *socket, prefix string) ([]byte, error) {
	for {
		message, err := s.read()
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(message, []byte(prefix)) {
			return message, nil
		}
		if bytes.HasPrefix(message, []byte("44")) || bytes.HasPrefix(message, []byte(`{"id":1,"error"`)) {
			return nil, fmt.Errorf("refused: %.200s", message)
		}
	}
}

// Socket.IO 5 over Engine.IO 4: "0" open, "2" ping, "3" pong, "4" message; then "0" connect, "2" event, "3" acknowledgement.
type socketIO struct {
	namespace string // "/room," or ""
	auth      func(person int) any
	frame     []byte // what a message of the room begins with
	event     string
	acks      bool
	ids       atomic.Int64
}

func (p *socketIO) enter(s *socket, person int) error {
	if _, err := next(s, "0"); err != nil {
		return err
	}
	hello := "40" + p.namespace
	if p.auth != nil {
		auth, err := json.Marshal(p.auth(person))
		if err != nil {
			return err
		}
		hello += string(auth)
	}
	if err := s.send([]byte(hello)); err != nil {
		return err
	}
	_, err := next(s, "40"+p.namespace)
	return err
}

var pong = []byte("3")

func (p *socketIO) handle(s *socket, message []byte) (bool, int, int, error) {
	if len(message) == 1 && message[0] == '2' {
		return false, 0, 0, s.send(pong)
	}
	if bytes.HasPrefix(message, p.frame) {
		return true, 0, 0, nil
	}
	if bytes.HasPrefix(message, []byte("43")) {
		if bytes.Contains(message, []byte(`"ok":true`)) {
			return false, 1, 0, nil
		}
		return false, 0, 1, nil
	}
	return false, 0, 0, nil
}

func (p *socketIO) say(text string) []byte {
	id := ""
	if p.acks {
		id = strconv.FormatInt(p.ids.Add(1), 10)
	}
	return fmt.Appendf(nil, `42%s%s[%q,{"text":%q}]`, p.namespace, id, p.event, text)
}

// Centrifugo's JSON protocol: commands and replies, several of them separated by newlines; "{}" is a ping.
type centrifugo struct {
	channel string
	token   func(person int) string
	ids     atomic.Int64
}

func (p *centrifugo) enter(s *socket, person int) error {
	connect := fmt.Appendf(nil, `{"id":1,"connect":{"token":%q}}`+"\n"+`{"id":2,"subscribe":{"channel":%q}}`, p.token(person), p.channel)
	if err := s.send(connect); err != nil {
		return err
	}
	for {
		message, err := next(s, `{"id":`)
		if err != nil {
			return err
		}
		if bytes.Contains(message, []byte(`"error"`)) {
			return fmt.Errorf("refused: %.200s", message)
		}
		if bytes.Contains(message, []byte(`"id":2`)) {
			return nil
		}
	}
}

func (p *centrifugo) handle(s *socket, message []byte) (bool, int, int, error) {
	if len(message) == 2 && string(message) == "{}" {
		return false, 0, 0, s.send(message)
	}
	acknowledged := bytes.Count(message, []byte(`"publish":{}`))
	refused := bytes.Count(message, []byte(`"error":{`))
	return bytes.Contains(message, []byte(`"push":`)), acknowledged, refused, nil
}

func (p *centrifugo) say(text string) []byte {
	return fmt.Appendf(nil, `{"id":%d,"publish":{"channel":%q,"data":{"text":%q}}}`, p.ids.Add(1)+2, p.channel, text)
}
