package browser_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/workdir"
)

// childTurn is set in the process that is to be killed.
const childTurn = "REKEY_BROWSER_CHILD"

// TestChild opens a page and waits to be killed; it does nothing unless TestKilledTestsLeaveNoBrowser started it.
func TestChild(t *testing.T) {
	if os.Getenv(childTurn) == "" {
		return
	}
	p := browser.New(t, browser.Options{})
	p.Open("data:text/html,<h1>Alive</h1>")
	p.SeeHeading("Alive")
	fmt.Println("open")
	select {}
}

func TestKilledTestsLeaveNoBrowser(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childTurn+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != "open" {
		t.Fatalf("the child says %q, want that its page is open", lines.Text())
	}
	started := descendants(t, child.Process.Pid)
	if len(started) == 0 {
		t.Fatal("the child has no browser")
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // "killed" is no news
	awaitGone(t, started)
	sweep(t)
}

// sweep removes the folder the killed child left, as the start of any lab does.
func sweep(t *testing.T) {
	t.Helper()
	dir, err := workdir.New("sweep")
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
}

// process is a process as /proc shows it; a number alone could be taken again.
type process struct {
	dir, started string
}

// descendants lists the children of a process, theirs and so on.
func descendants(t *testing.T, pid int) []process {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := map[string][]string{}
	for _, stat := range stats {
		if parent := field(stat, 4); parent != "" {
			children[parent] = append(children[parent], filepath.Base(filepath.Dir(stat)))
		}
	}
	var out []process
	for todo := children[fmt.Sprint(pid)]; len(todo) > 0; todo = todo[1:] {
		dir := "/proc/" + todo[0]
		out = append(out, process{dir, field(dir+"/stat", 22)})
		todo = append(todo, children[todo[0]]...)
	}
	return out
}

// field reads a field of /proc/PID/stat, counted from 1 as in proc(5); from the third on, they follow the command's bracket.
func field(stat string, n int) string {
	raw, err := os.ReadFile(stat)
	if err != nil {
		return "" // it has ended
	}
	text := string(raw)
	rest := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(rest) < n-2 {
		return ""
	}
	return rest[n-3]
}

// awaitGone waits until none of the processes runs. One that has ended but was not waited for counts as gone.
func awaitGone(t *testing.T, all []process) {
	t.Helper()
	late := time.After(10 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); ; {
		left := 0
		for _, p := range all {
			if field(p.dir+"/stat", 22) == p.started && field(p.dir+"/stat", 3) != "Z" {
				left++
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-tick:
		case <-late:
			t.Fatalf("%d of %d processes still run", left, len(all))
		}
	}
}
