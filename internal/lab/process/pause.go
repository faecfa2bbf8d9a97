package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// pauseTime is how long a busy machine may take to stop a process.
const pauseTime = 10 * time.Second

// Pause freezes the child, and returns when every thread of it stands still: the signal alone arrives whenever each is next looked at.
func (p *Process) Pause() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	late := time.NewTimer(pauseTime)
	defer late.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		still, err := stopped(p.PID())
		if still || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-late.C:
			return fmt.Errorf("%s goes on after %v", p.name, pauseTime)
		}
	}
}

// Resume ends a Pause.
func (p *Process) Resume() error { return p.Signal(syscall.SIGCONT) }

// stopped reports whether all threads of a process are in state T (proc(5)).
func stopped(pid int) (bool, error) {
	stats, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "stat"))
	if err != nil {
		return false, err
	}
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // the thread has ended
		}
		if err != nil {
			return false, err
		}
		if end := bytes.LastIndexByte(text, ')'); end < 0 || !bytes.HasPrefix(text[end:], []byte(") T")) {
			return false, nil
		}
	}
	return len(stats) > 0, nil
}
