package shop

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestRushCountsWhatIsAnswered(t *testing.T) {
	var lock sync.Mutex
	keys := map[string]bool{}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		asked++
		keys[r.Header.Get("Idempotency-Key")] = true
		if r.Header.Get("Authorization") == "Bearer b" {
			w.WriteHeader(http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusCreated)
		w.Write([]byte(`{"id":"1"}`))
	}))
	defer server.Close()
	report, err := Rush(Options{URL: server.URL + "/orders", Tokens: []string{"a", "b"}, Body: "{}"}, 50*time.Millisecond, 200*time.Millisecond, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed != 0 || report.Accepted == 0 || report.Refused == 0 {
		t.Fatalf("%+v", report)
	}
	if report.Total != asked || len(keys) != asked {
		t.Fatalf("%d answers, %d asked under %d keys", report.Total, asked, len(keys))
	}
}
