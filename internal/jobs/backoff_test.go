package jobs

import (
	"testing"
	"time"
)

func TestBackoffGoesFromSecondsToHours(t *testing.T) {
	for tries, want := range map[int]time.Duration{
		0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 12: 4096 * time.Second, 13: 2 * time.Hour, 1000: 2 * time.Hour,
	} {
		if got := backoff(tries, 0); got != want {
			t.Errorf("after %d tries %v, want %v", tries, got, want)
		}
		if got := backoff(tries, 1); got != want+want/10 {
			t.Errorf("after %d tries at most %v, want %v", tries, got, want+want/10)
		}
	}
	total := time.Duration(0)
	for tries := 1; tries < 25; tries++ {
		total += backoff(tries, 0)
	}
	if total < 24*time.Hour || total > 48*time.Hour {
		t.Errorf("25 tries take %v, want about a day", total)
	}
}
