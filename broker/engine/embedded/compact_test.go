// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gondola/broker/engine"
)

// A queue of 1,000 messages through which any number pass keeps a log of less than ten times what is in it (D10, C3).
func TestLogStaysSmall(t *testing.T) {
	const live, least = 1000, 256 << 10
	rounds := 200_000
	if testing.Short() || raceEnabled {
		rounds = 10_000
	}
	o := LogOptions{Dir: t.TempDir(), Sync: -1, CompactMin: least}
	e := openLogged(t, o)
	q, _, err := e.CreateQueue(t.Context(), engine.QueueSpec{Name: "q", Capacity: live + 1, Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 300)
	for i := range live {
		mustOffer(t, q, toLog(strconv.Itoa(i)+" "+text))
	}
	log := q.(*durable).log
	limit := 10 * log.Status().LiveBytes
	for i := live; i < live+rounds; i++ {
		m, err := q.Poll(ended)
		if err != nil || !strings.HasPrefix(string(m.Payload), strconv.Itoa(i-live)+" ") {
			t.Fatalf("poll %d: %v, %v", i-live, m, err)
		}
		mustOffer(t, q, toLog(strconv.Itoa(i)+" "+text))
		for log.Status().Bytes > limit/2 { // a compaction is late on a busy machine; without one this does not end
			time.Sleep(time.Millisecond)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(o.Dir, "q.wal"))
	if err != nil || info.Size() > limit {
		t.Errorf("the log has %d bytes, the limit is %d; %v", info.Size(), limit, err)
	}
	e = openLogged(t, o)
	defer e.Close()
	if q, err = e.Queue("q"); err != nil {
		t.Fatal(err)
	}
	messages := drain(t, q)
	if len(messages) != live {
		t.Errorf("%d messages in the log", len(messages))
	}
	for i, m := range messages {
		if !strings.HasPrefix(m, strconv.Itoa(rounds+i)+" ") {
			t.Fatalf("message %d of the log is %.10s", i, m)
		}
	}
}
