package rtc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Session is a WHIP or WHEP resource.
type Session struct {
	client   *http.Client
	location string
	token    func() string
}

const (
	requestTimeout = 15 * time.Second
	answerLimit    = 64 << 10
)

// NewHTTPClient keeps connections, as many as a crowd needs at once.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Timeout:   requestTimeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 256, IdleConnTimeout: 30 * time.Second},
	}
}

// StatusError is an HTTP answer that is no success.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.Status, e.Body) }

// Post sends the offer to a WHIP or WHEP endpoint (RFC 9725 section 4.2) and follows a 307 to another host.
func Post(ctx context.Context, client *http.Client, endpoint string, token func() string, offer string) (*Session, *Description, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader([]byte(offer)))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Content-Type", "application/sdp")
	if secret := token(); secret != "" {
		request.Header.Set("Authorization", "Bearer "+secret)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, nil, err
	}
	if response.StatusCode != http.StatusCreated {
		return nil, nil, &StatusError{response.StatusCode, string(body[:min(len(body), 300)])}
	}
	base, err := url.Parse(response.Request.URL.String())
	if err != nil {
		return nil, nil, err
	}
	location, err := base.Parse(response.Header.Get("Location"))
	if err != nil {
		return nil, nil, fmt.Errorf("Location: %w", err)
	}
	answer, err := Parse(string(body))
	if err != nil {
		return nil, nil, fmt.Errorf("answer: %w", err)
	}
	return &Session{client, location.String(), token}, answer, nil
}

// Delete ends the session at the server; what fails is the server's time-out to notice.
func (s *Session) Delete() {
	request, err := http.NewRequest(http.MethodDelete, s.location, nil)
	if err != nil {
		return
	}
	if secret := s.token(); secret != "" {
		request.Header.Set("Authorization", "Bearer "+secret)
	}
	if response, err := s.client.Do(request); err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, answerLimit))
		response.Body.Close()
	}
}
