package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of processor time in /proc (USER_HZ, 100 on every Linux that Go runs on).
const tick = 10 * time.Millisecond

// spent is processor time.
type spent struct{ user, system time.Duration }

func (s spent) total() time.Duration { return s.user + s.system }

func (s spent) since(before spent) spent {
	return spent{s.user - before.user, s.system - before.system}
}

// stat is what /proc/PID/stat says of a process (proc(5)).
type stat struct {
	parent int
	own    spent
	waited spent // of children that have ended
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // the name before may hold anything
	const parent, user = 1, 11
	if len(f) < user+4 {
		return stat{}, fmt.Errorf("process %d: %q", pid, text)
	}
	var n [4]int64
	for i := range n {
		if n[i], err = strconv.ParseInt(string(f[user+i]), 10, 64); err != nil {
			return stat{}, err
		}
	}
	s := stat{own: spent{time.Duration(n[0]) * tick, time.Duration(n[1]) * tick}, waited: spent{time.Duration(n[2]) * tick, time.Duration(n[3]) * tick}}
	s.parent, err = strconv.Atoi(string(f[parent]))
	return s, err
}

// processorTime adds up a process and all below it, those that have ended too.
func processorTime(pid int) (spent, error) {
	all, err := everyStat()
	if err != nil {
		return spent{}, err
	}
	if _, ok := all[pid]; !ok {
		return spent{}, fmt.Errorf("process %d has ended", pid)
	}
	var sum spent
	for id, s := range all {
		if !descends(all, id, pid) {
			continue
		}
		sum.user += s.own.user + s.waited.user
		sum.system += s.own.system + s.waited.system
	}
	return sum, nil
}

func everyStat() (map[int]stat, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := make(map[int]stat, len(files))
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		if s, err := readStat(pid); err == nil { // it may have ended meanwhile
			all[pid] = s
		}
	}
	return all, nil
}

func descends(all map[int]stat, pid, from int) bool {
	for pid > 1 && pid != from {
		pid = all[pid].parent
	}
	return pid == from
}

// ownTime is this process's processor time.
func ownTime() spent {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return spent{} // fails for bad arguments only
	}
	return spent{time.Duration(u.Utime.Nano()), time.Duration(u.Stime.Nano())}
}

// resident is how much memory a process holds, in bytes.
func resident(pid int) (float64, error) { return memory(pid, "VmRSS:") }

// peak is the most it held at a time.
func peak(pid int) (float64, error) { return memory(pid, "VmHWM:") }

func memory(pid int, what string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, what); ok {
			n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return n * 1024, err
		}
	}
	return 0, fmt.Errorf("process %d tells no memory", pid)
}

// loadAverage is that of the last minute.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	v, _ := strconv.ParseFloat(first, 64) // the kernel writes numbers
	return v
}

// system names the kernel.
func system() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "Linux"
	}
	return "Linux " + strings.TrimSpace(string(text))
}
