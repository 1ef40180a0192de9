package rtc

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v3"

	"walnut-live/swarm/fan"
)

const (
	checkEveryMs   = 50
	consentEveryMs = 4_000
	dtlsQueue      = 32
	hostPriority   = 1<<24 | 65535<<8 | 255 // peer-reflexive-like priority that a check announces
)

// Identity is the certificate that every peer of this process shows; making one each would only warm the room.
type Identity struct {
	certificate tls.Certificate
	Fingerprint string
}

// NewIdentity makes a self-signed ECDSA P-256 certificate, as browsers do.
func NewIdentity() (*Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(raw)
	parts := make([]string, len(digest))
	for i, b := range digest {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return &Identity{tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, strings.Join(parts, ":")}, nil
}

// Profiles in the order in which they are offered.
var profiles = []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80}

// ProfileName as IANA writes it.
func ProfileName(profile srtp.ProtectionProfile) string { return profile.String() }

// Transport is one ICE + DTLS connection over the fan.
//
// It is an ICE agent with one host candidate, controlling when it made the offer; then it nominates the first candidate
// that answers (there is one path only). Receive-side methods run on the fan's loop; Connect runs on the caller's goroutine.
type Transport struct {
	fan      *fan.Fan
	identity *Identity
	Local    Local

	remote    atomic.Pointer[remoteSide]
	selected  atomic.Pointer[netip.AddrPort]
	ready     chan struct{} // ICE found a path
	readyOnce sync.Once
	incoming  chan []byte
	closed    chan struct{}
	closeOnce sync.Once
	nextCheck int64
	// ConsentMs is the time between consent checks; set before Connect.
	ConsentMs  int64
	connection atomic.Pointer[dtls.Conn]
}

type remoteSide struct {
	ufrag, password string
	candidates      []netip.AddrPort
	// offered: the other side spoke first and is the controlling agent (RFC 8445 section 6.1.1).
	offered bool
}

// Keys are the SRTP contexts of a finished handshake.
type Keys struct {
	Profile srtp.ProtectionProfile
	In, Out *srtp.Context
}

// NewTransport makes credentials. The peer that owns it must have got its address from the fan already.
func NewTransport(f *fan.Fan, identity *Identity, address netip.AddrPort) *Transport {
	return &Transport{
		fan:       f,
		identity:  identity,
		Local:     Local{Ufrag: RandomHex(4), Password: RandomHex(12), Fingerprint: identity.Fingerprint, Address: address},
		ConsentMs: consentEveryMs,
		ready:     make(chan struct{}),
		incoming:  make(chan []byte, dtlsQueue),
		closed:    make(chan struct{}),
	}
}

// Connect runs ICE and DTLS against the description and returns the SRTP keys.
func (t *Transport) Connect(ctx context.Context, remote *Description) (*Keys, error) {
	if len(remote.Candidates) == 0 {
		return nil, errors.New("no UDP candidate over IPv4 in the answer")
	}
	t.remote.Store(&remoteSide{remote.Ufrag, remote.Password, remote.Candidates, remote.Setup == "actpass"})
	t.fan.Do(func() { t.Tick(t.fan.NowMs()) }) // the first check does not wait for the owner's next tick
	select {
	case <-t.ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("ICE: %w", ctx.Err())
	case <-t.closed:
		return nil, net.ErrClosed
	}
	config := &dtls.Config{
		Certificates:           []tls.Certificate{t.identity.certificate},
		SRTPProtectionProfiles: profiles,
		ExtendedMasterSecret:   dtls.RequestExtendedMasterSecret,
		ClientAuth:             dtls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // the fingerprint is what counts, RFC 8827 section 6.5
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 {
				return errors.New("no certificate")
			}
			if digest := sha256.Sum256(raw[0]); !bytes.Equal(digest[:], remote.Fingerprint) {
				return errors.New("the certificate is not the one in the answer")
			}
			return nil
		},
	}
	isClient := remote.Setup != "active"
	open := dtls.Client
	if !isClient {
		open = dtls.Server
	}
	to := net.UDPAddrFromAddrPort(*t.selected.Load())
	connection, err := open((*packetConn)(t), to, config)
	if err != nil {
		return nil, fmt.Errorf("DTLS: %w", err)
	}
	if err := connection.HandshakeContext(ctx); err != nil {
		_ = connection.Close()
		return nil, fmt.Errorf("DTLS: %w", err)
	}
	t.connection.Store(connection)
	return exportKeys(connection, isClient)
}

func exportKeys(connection *dtls.Conn, isClient bool) (*Keys, error) {
	chosen, ok := connection.SelectedSRTPProtectionProfile()
	state, known := connection.ConnectionState()
	if !ok || !known {
		return nil, errors.New("DTLS: no SRTP profile was agreed")
	}
	config := srtp.Config{Profile: srtp.ProtectionProfile(chosen)}
	if err := config.ExtractSessionKeysFromDTLS(&state, isClient); err != nil {
		return nil, err
	}
	in, err := srtp.CreateContext(config.Keys.RemoteMasterKey, config.Keys.RemoteMasterSalt, config.Profile)
	if err != nil {
		return nil, err
	}
	out, err := srtp.CreateContext(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt, config.Profile)
	if err != nil {
		return nil, err
	}
	return &Keys{config.Profile, in, out}, nil
}

// Selected is the path that ICE chose.
func (t *Transport) Selected() (netip.AddrPort, bool) {
	if selected := t.selected.Load(); selected != nil {
		return *selected, true
	}
	return netip.AddrPort{}, false
}

// Receive takes STUN and DTLS; it returns false for RTP and RTCP, which are the peer's own business (RFC 7983).
func (t *Transport) Receive(packet []byte, from netip.AddrPort) bool {
	if len(packet) == 0 || packet[0] >= 128 {
		return false
	}
	switch {
	case packet[0] < 4:
		t.receiveSTUN(packet, from)
	case packet[0] >= 20 && packet[0] < 64:
		select {
		case t.incoming <- append([]byte(nil), packet...):
		default: // DTLS sends it again
		}
	}
	return true
}

func (t *Transport) receiveSTUN(packet []byte, from netip.AddrPort) {
	message := &stun.Message{Raw: append([]byte(nil), packet...)}
	if message.Decode() != nil {
		return
	}
	switch message.Type {
	case stun.BindingRequest:
		if stun.NewShortTermIntegrity(t.Local.Password).Check(message) != nil {
			return
		}
		reply, err := stun.Build(message, stun.BindingSuccess,
			&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())},
			stun.NewShortTermIntegrity(t.Local.Password), stun.Fingerprint)
		if err == nil {
			t.fan.Queue(reply.Raw, t.Local.Address, from)
		}
	case stun.BindingSuccess:
		remote := t.remote.Load()
		if remote == nil || stun.NewShortTermIntegrity(remote.password).Check(message) != nil {
			return
		}
		t.readyOnce.Do(func() {
			t.selected.Store(&from)
			close(t.ready)
		})
	}
}

// Tick sends connectivity checks until one is answered and consent checks afterwards (RFC 7675).
func (t *Transport) Tick(nowMs int64) {
	remote := t.remote.Load()
	if remote == nil || nowMs < t.nextCheck {
		return
	}
	targets := remote.candidates
	t.nextCheck = nowMs + checkEveryMs
	if selected := t.selected.Load(); selected != nil {
		targets = []netip.AddrPort{*selected}
		t.nextCheck = nowMs + t.ConsentMs
	}
	tieBreaker := []byte{0, 0, 0, 0, 0, 0, 0, 1}
	role := []stun.Setter{attribute(stun.AttrUseCandidate, nil), attribute(stun.AttrICEControlling, tieBreaker)}
	if remote.offered {
		role = []stun.Setter{attribute(stun.AttrICEControlled, tieBreaker)}
	}
	for _, target := range targets {
		request, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.BindingRequest,
			stun.NewUsername(remote.ufrag + ":" + t.Local.Ufrag),
			attribute(stun.AttrPriority, []byte{hostPriority >> 24 & 255, hostPriority >> 16 & 255, hostPriority >> 8 & 255, hostPriority & 255}),
		}, append(role, stun.NewShortTermIntegrity(remote.password), stun.Fingerprint)...)...)
		if err == nil {
			t.fan.Queue(request.Raw, t.Local.Address, target)
		}
	}
}

func attribute(kind stun.AttrType, value []byte) stun.Setter {
	return stun.RawAttribute{Type: kind, Value: value}
}

// Close tells the other side (DTLS close_notify) and lets Connect return. Idempotent.
func (t *Transport) Close() {
	if connection := t.connection.Load(); connection != nil {
		_ = connection.Close()
	}
	_ = (*packetConn)(t).Close()
}

// packetConn is the transport as pion/dtls wants it.
type packetConn Transport

func (p *packetConn) ReadFrom(buffer []byte) (int, net.Addr, error) {
	select {
	case packet := <-p.incoming:
		return copy(buffer, packet), p.remoteAddress(), nil
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

func (p *packetConn) WriteTo(packet []byte, _ net.Addr) (int, error) {
	selected := p.selected.Load()
	if selected == nil {
		return 0, os.ErrDeadlineExceeded
	}
	p.fan.Send(packet, p.Local.Address, *selected)
	return len(packet), nil
}

func (p *packetConn) remoteAddress() net.Addr { return net.UDPAddrFromAddrPort(*p.selected.Load()) }
func (p *packetConn) LocalAddr() net.Addr     { return net.UDPAddrFromAddrPort(p.Local.Address) }
func (p *packetConn) Close() error {
	p.closeOnce.Do(func() { close(p.closed) })
	return nil
}

// Handshakes are bounded by their context, so deadlines are not needed.
func (p *packetConn) SetDeadline(time.Time) error      { return nil }
func (p *packetConn) SetReadDeadline(time.Time) error  { return nil }
func (p *packetConn) SetWriteDeadline(time.Time) error { return nil }
