// Package publish sends a prepared programme in real time, as an encoder would: by WHIP, or as plain RTP to servers that
// take it. Nothing is encoded here, so that the load generator stays cheap and every server gets the same packets.
package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

const (
	nalIDR       = 5
	nalDelimiter = 9
	opusFrame    = 20 * time.Millisecond
)

// picture is one access unit: NAL units without start codes.
type picture struct {
	nals [][]byte
	key  bool
}

// programme is what is sent again and again.
type programme struct {
	pictures []picture
	// keys holds every picture as a key picture as well, when the programme can answer key frame requests.
	keys  []picture
	sound [][]byte
}

func load(videoFile, keysFile, soundFile string) (*programme, error) {
	pictures, err := readPictures(videoFile)
	if err != nil {
		return nil, err
	}
	p := &programme{pictures: pictures}
	if keysFile != "" {
		if p.keys, err = readPictures(keysFile); err != nil {
			return nil, err
		}
		if len(p.keys) < len(p.pictures) {
			return nil, fmt.Errorf("%s has %d pictures, %s has %d", keysFile, len(p.keys), videoFile, len(p.pictures))
		}
	}
	p.sound, err = readSound(soundFile)
	return p, err
}

// readPictures splits an Annex B file at its access unit delimiters.
func readPictures(file string) ([]picture, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var pictures []picture
	for _, nal := range splitAnnexB(raw) {
		if kind := nal[0] & 31; kind == nalDelimiter {
			pictures = append(pictures, picture{})
			continue
		} else if len(pictures) > 0 {
			last := &pictures[len(pictures)-1]
			last.nals = append(last.nals, nal)
			last.key = last.key || kind == nalIDR
		}
	}
	if len(pictures) == 0 || !pictures[0].key {
		return nil, fmt.Errorf("%s: no access unit delimiters, or it does not begin with a key picture", file)
	}
	return pictures, nil
}

func splitAnnexB(raw []byte) [][]byte {
	var nals [][]byte
	for _, part := range bytes.Split(raw, []byte{0, 0, 1}) {
		if part = bytes.TrimRight(part, "\x00"); len(part) > 0 {
			nals = append(nals, part)
		}
	}
	return nals
}

// readSound takes the Opus packets of an Ogg file with one packet per page (ffmpeg: -page_duration 20000).
func readSound(file string) ([][]byte, error) {
	raw, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	reader, _, err := oggreader.NewWith(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var packets [][]byte
	for {
		page, _, err := reader.ParseNextPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if !bytes.HasPrefix(page, []byte("OpusTags")) {
			packets = append(packets, page)
		}
	}
	if len(packets) == 0 {
		return nil, fmt.Errorf("%s: no sound", file)
	}
	return packets, nil
}
