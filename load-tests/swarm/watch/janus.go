package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"walnut-live/swarm/rtc"
)

// How often a Janus session has to be heard of; its own time-out is 60 s.
const janusKeepAlive = 25 * time.Second

// Janus is signalling with the streaming plugin of the Janus gateway over its HTTP interface: the gateway makes the
// offer, so there is one round trip more than with WHEP.
type Janus struct {
	Client     *http.Client
	Endpoint   string // for example http://127.0.0.1:8088/janus
	MountPoint int
}

type janusReply struct {
	Janus string `json:"janus"`
	Data  struct {
		ID int64 `json:"id"`
	} `json:"data"`
	Error struct {
		Reason string `json:"reason"`
	} `json:"error"`
	Plugin struct {
		Data struct {
			Error string `json:"error"`
		} `json:"data"`
	} `json:"plugindata"`
	Offer struct {
		SDP string `json:"sdp"`
	} `json:"jsep"`
}

// Open implements Signalling.
func (j Janus) Open(ctx context.Context, local rtc.Local) (*rtc.Description, func(), error) {
	ctx = rtc.From(ctx, local.Address)
	created, err := j.call(ctx, http.MethodPost, j.Endpoint, map[string]any{"janus": "create"})
	if err != nil {
		return nil, nil, err
	}
	session := fmt.Sprintf("%s/%d", j.Endpoint, created.Data.ID)
	life, end := context.WithCancel(rtc.From(context.Background(), local.Address))
	leave := func() {
		end()
		bye, cancel := context.WithTimeout(rtc.From(context.Background(), local.Address), janusKeepAlive)
		defer cancel()
		_, _ = j.call(bye, http.MethodPost, session, map[string]any{"janus": "destroy"}) // its time-out does it otherwise
	}
	remote, err := j.watch(ctx, session, local)
	if err != nil {
		leave()
		return nil, nil, err
	}
	go func() {
		ticker := time.NewTicker(janusKeepAlive)
		defer ticker.Stop()
		for {
			select {
			case <-life.Done():
				return
			case <-ticker.C:
				_, _ = j.call(life, http.MethodPost, session, map[string]any{"janus": "keepalive"})
			}
		}
	}()
	return remote, leave, nil
}

func (j Janus) watch(ctx context.Context, session string, local rtc.Local) (*rtc.Description, error) {
	attached, err := j.call(ctx, http.MethodPost, session, map[string]any{"janus": "attach", "plugin": "janus.plugin.streaming"})
	if err != nil {
		return nil, err
	}
	handle := fmt.Sprintf("%s/%d", session, attached.Data.ID)
	watch := map[string]any{"janus": "message", "body": map[string]any{"request": "watch", "id": j.MountPoint}}
	if _, err := j.call(ctx, http.MethodPost, handle, watch); err != nil {
		return nil, err
	}
	for {
		event, err := j.call(ctx, http.MethodGet, session+"?maxev=1", nil)
		if err != nil {
			return nil, err
		}
		if reason := event.Plugin.Data.Error; reason != "" {
			return nil, errors.New("Janus: " + reason)
		}
		if event.Offer.SDP == "" {
			continue
		}
		remote, err := rtc.Parse(event.Offer.SDP)
		if err != nil {
			return nil, err
		}
		start := map[string]any{
			"janus": "message", "body": map[string]any{"request": "start"},
			"jsep": map[string]any{"type": "answer", "sdp": rtc.WatchAnswer(local, remote), "trickle": false},
		}
		_, err = j.call(ctx, http.MethodPost, handle, start)
		return remote, err
	}
}

func (j Janus) call(ctx context.Context, method, url string, body map[string]any) (*janusReply, error) {
	var content []byte
	if body != nil {
		body["transaction"] = rtc.RandomHex(6)
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = encoded
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	response, err := j.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var reply janusReply
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		return nil, fmt.Errorf("Janus: %w", err)
	}
	if reply.Janus == "error" {
		return nil, errors.New("Janus: " + reply.Error.Reason)
	}
	return &reply, nil
}
