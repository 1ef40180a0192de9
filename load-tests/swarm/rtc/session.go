package rtc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Session is a WHIP or WHEP resource.
type Session struct {
	client   *http.Client
	location string
	token    func() string
	from     netip.AddrPort
}

const (
	requestTimeout = 15 * time.Second
	answerLimit    = 64 << 10
)

type ownAddress struct{}

// From lets the requests of this context leave from the peer's own address: servers limit what one address may do.
func From(ctx context.Context, address netip.AddrPort) context.Context {
	return context.WithValue(ctx, ownAddress{}, address.Addr())
}

// NewHTTPClient makes a connection per request, as many people do who ask for one thing each.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Timeout: requestTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
				var dialer net.Dialer
				if address, ok := ctx.Value(ownAddress{}).(netip.Addr); ok {
					dialer.LocalAddr = &net.TCPAddr{IP: address.AsSlice()}
				}
				return dialer.DialContext(ctx, network, to)
			},
		},
	}
}

// StatusError is an HTTP answer that is no success.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.Status, e.Body) }

// Post sends the offer to a WHIP or WHEP endpoint (RFC 9725 section 4.2) and follows a 307 to another host.
func Post(ctx context.Context, client *http.Client, endpoint string, token func() string, from netip.AddrPort, offer string) (*Session, *Description, error) {
	request, err := http.NewRequestWithContext(From(ctx, from), http.MethodPost, endpoint, bytes.NewReader([]byte(offer)))
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
	return &Session{client, location.String(), token, from}, answer, nil
}

// Delete ends the session at the server; what fails is the server's time-out to notice.
func (s *Session) Delete() {
	request, err := http.NewRequestWithContext(From(context.Background(), s.from), http.MethodDelete, s.location, nil)
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
