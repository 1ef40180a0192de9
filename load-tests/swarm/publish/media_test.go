package publish

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPicturesAreSplitAtDelimiters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.h264")
	stream := []byte{
		0, 0, 0, 1, 9, 0x10, 0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3,
		0, 0, 0, 1, 9, 0x30, 0, 0, 1, 0x41, 4,
	}
	if err := os.WriteFile(file, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	pictures, err := readPictures(file)
	if err != nil || len(pictures) != 2 || !pictures[0].key || pictures[1].key || len(pictures[0].nals) != 3 {
		t.Fatalf("%v %+v", err, pictures)
	}
	if err := os.WriteFile(file, stream[23:], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readPictures(file); err == nil {
		t.Error("a file that begins in the middle was taken")
	}
}
