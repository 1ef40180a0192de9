package fan

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// Room for IP_PKTINFO (28 → 32 bytes) and SO_RXQ_OVFL (20 → 24 bytes).
	controlBytes = 64
	// sizeof(struct in_pktinfo).
	packetInfoBytes = 12
)

type mmsghdr struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

func openSocket(port int) (fd, bound int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, fmt.Errorf("socket: %w", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	for _, option := range []int{unix.IP_PKTINFO} {
		if err = unix.SetsockoptInt(fd, unix.IPPROTO_IP, option, 1); err != nil {
			return 0, 0, fmt.Errorf("IP_PKTINFO: %w", err)
		}
	}
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1); err != nil {
		return 0, 0, fmt.Errorf("SO_RXQ_OVFL: %w", err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBufferBytes) != nil {
		// Not root: as much as net.core.rmem_max allows. Overflow() tells when it was too little.
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBufferBytes)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, receiveBufferBytes>>4) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, receiveBufferBytes>>4)
	}
	if err = unix.Bind(fd, &unix.SockaddrInet4{Port: port}); err != nil {
		return 0, 0, fmt.Errorf("bind UDP port %d: %w", port, err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, 0, fmt.Errorf("getsockname: %w", err)
	}
	return fd, name.(*unix.SockaddrInet4).Port, nil
}

func closeSocket(fd int) { _ = unix.Close(fd) }

// inbox reads a batch of datagrams into buffers that are used again.
type inbox struct {
	fd       int
	headers  [batchSize]mmsghdr
	vectors  [batchSize]unix.Iovec
	names    [batchSize]unix.RawSockaddrInet4
	controls [batchSize][controlBytes]byte
	buffers  [batchSize][maxDatagram]byte
}

func newInbox(fd int) *inbox {
	in := &inbox{fd: fd}
	for i := range in.headers {
		in.vectors[i].Base = &in.buffers[i][0]
		in.vectors[i].SetLen(maxDatagram)
		header := &in.headers[i].header
		header.Name = (*byte)(unsafe.Pointer(&in.names[i]))
		header.Iov = &in.vectors[i]
		header.SetIovlen(1)
		header.Control = &in.controls[i][0]
	}
	return in
}

func (in *inbox) read() int {
	for i := range in.headers {
		in.headers[i].header.Namelen = unix.SizeofSockaddrInet4
		in.headers[i].header.SetControllen(controlBytes)
	}
	count, _, errno := syscall.RawSyscall6(unix.SYS_RECVMMSG, uintptr(in.fd),
		uintptr(unsafe.Pointer(&in.headers[0])), batchSize, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0 // empty, or an ICMP error that a later packet will explain
	}
	return int(count)
}

// message returns datagram i, where it came from and the destination address it was sent to.
func (in *inbox) message(i int, overflow *atomic.Uint32) (packet []byte, from netip.AddrPort, to uint32) {
	header := &in.headers[i]
	packet = in.buffers[i][:header.length]
	name := &in.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	from = netip.AddrPortFrom(netip.AddrFrom4(name.Addr), port)
	control := in.controls[i][:header.header.Controllen]
	for len(control) >= unix.SizeofCmsghdr {
		length := binary.NativeEndian.Uint64(control)
		level := binary.NativeEndian.Uint32(control[8:])
		kind := binary.NativeEndian.Uint32(control[12:])
		if length < unix.SizeofCmsghdr || length > uint64(len(control)) {
			break
		}
		data := control[unix.SizeofCmsghdr:length]
		switch {
		case level == unix.IPPROTO_IP && kind == unix.IP_PKTINFO && len(data) >= packetInfoBytes:
			to = binary.BigEndian.Uint32(data[8:])
		case level == unix.SOL_SOCKET && kind == unix.SO_RXQ_OVFL && len(data) >= 4:
			overflow.Store(binary.NativeEndian.Uint32(data))
		}
		control = control[min(uint64(len(control)), (length+7)&^7):]
	}
	return packet, from, to
}

// outbox collects datagrams for one sendmmsg.
type outbox struct {
	fd       int
	count    int
	headers  [batchSize]mmsghdr
	vectors  [batchSize]unix.Iovec
	names    [batchSize]unix.RawSockaddrInet4
	controls [batchSize][controlBytes]byte
	buffers  [batchSize][maxDatagram]byte
}

func newOutbox(fd int) *outbox { return &outbox{fd: fd} }

func (o *outbox) add(packet []byte, from, to netip.AddrPort) {
	if len(packet) > maxDatagram {
		return
	}
	if o.count == batchSize {
		o.flush()
	}
	i := o.count
	copy(o.buffers[i][:], packet)
	fillHeader(&o.headers[i].header, &o.vectors[i], &o.names[i], o.controls[i][:], o.buffers[i][:len(packet)], from, to)
	o.count++
}

func (o *outbox) flush() {
	for sent := 0; sent < o.count; {
		n, _, errno := syscall.RawSyscall6(unix.SYS_SENDMMSG, uintptr(o.fd),
			uintptr(unsafe.Pointer(&o.headers[sent])), uintptr(o.count-sent), unix.MSG_DONTWAIT, 0, 0)
		if errno != 0 {
			n = 1 // this one is lost, as on any network
		}
		sent += int(n)
	}
	o.count = 0
}

func sendOne(fd int, packet []byte, from, to netip.AddrPort) {
	if len(packet) == 0 {
		return
	}
	var header unix.Msghdr
	var vector unix.Iovec
	var name unix.RawSockaddrInet4
	var control [controlBytes]byte
	fillHeader(&header, &vector, &name, control[:], packet, from, to)
	_, _, _ = syscall.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&header)), unix.MSG_DONTWAIT)
}

func fillHeader(header *unix.Msghdr, vector *unix.Iovec, name *unix.RawSockaddrInet4, control, packet []byte, from, to netip.AddrPort) {
	vector.Base = &packet[0]
	vector.SetLen(len(packet))
	name.Family = unix.AF_INET
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	name.Addr = to.Addr().As4()
	length := unix.SizeofCmsghdr + packetInfoBytes
	binary.NativeEndian.PutUint64(control, uint64(length))
	binary.NativeEndian.PutUint32(control[8:], unix.IPPROTO_IP)
	binary.NativeEndian.PutUint32(control[12:], unix.IP_PKTINFO)
	source := from.Addr().As4()
	binary.NativeEndian.PutUint32(control[16:], 0) // any interface
	copy(control[20:], source[:])
	copy(control[24:], []byte{0, 0, 0, 0})
	header.Name = (*byte)(unsafe.Pointer(name))
	header.Namelen = unix.SizeofSockaddrInet4
	header.Iov = vector
	header.SetIovlen(1)
	header.Control = &control[0]
	header.SetControllen((length + 7) &^ 7)
}
