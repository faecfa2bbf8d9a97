// Package process runs the lab's servers as children that cannot outlive it.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Spec says what to run.
type Spec struct {
	Path  string
	Args  []string
	Env   []string // added to a bare environment: PATH, LC_ALL and TZ only
	Dir   string
	Stdin []byte
	Log   string // file that stdout and stderr are appended to; empty: kept in memory, for Run
	// Credential is the user to run as; nil means the lab's own.
	Credential *syscall.Credential
	// DeathSignal is sent by the kernel when the lab dies, however it dies. Zero means SIGKILL.
	DeathSignal syscall.Signal
}

// Process is a running child, leader of a process group of its own, so that a terminal's Ctrl-C reaches the lab only.
type Process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // what Wait said; read after done is closed
}

// Start runs the child. It returns when the child has been started, not when it is ready.
func Start(spec Spec) (*Process, error) {
	cmd := command(spec)
	if spec.Log != "" {
		f, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open log of %s: %w", filepath.Base(spec.Path), err)
		}
		defer f.Close()
		cmd.Stdout, cmd.Stderr = f, f
	}
	return start(spec, cmd)
}

// Run runs a child to its end and returns its standard output. The error carries what it wrote to standard error.
func Run(ctx context.Context, spec Spec) ([]byte, error) {
	cmd := command(spec)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	p, err := start(spec, cmd)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.Kill()
		return nil, fmt.Errorf("run %s: %w", p.name, ctx.Err())
	}
	if p.err != nil {
		return nil, fmt.Errorf("run %s: %w: %s", p.name, p.err, end(stderr.String()+stdout.String()))
	}
	return stdout.Bytes(), nil
}

func command(spec Spec) *exec.Cmd {
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Dir = spec.Dir
	cmd.Env = append([]string{"PATH=/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL=C.UTF-8", "TZ=UTC"}, spec.Env...)
	if spec.Stdin != nil {
		cmd.Stdin = bytes.NewReader(spec.Stdin)
	}
	death := spec.DeathSignal
	if death == 0 {
		death = syscall.SIGKILL
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death, Credential: spec.Credential}
	return cmd
}

// start forks from a thread that stays locked until the child has ended: the kernel sends the death signal when the
// forking thread ends, not when the process does (golang/go#27505).
func start(spec Spec, cmd *exec.Cmd) (*Process, error) {
	p := &Process{name: filepath.Base(spec.Path), log: spec.Log, cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	return p, nil
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the child and its children.
func (p *Process) Signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return fmt.Errorf("signal %s: %w", p.name, os.ErrProcessDone)
	default:
	}
	if err := syscall.Kill(-p.PID(), sig); err != nil {
		return fmt.Errorf("signal %s: %w", p.name, err)
	}
	return nil
}

// Stop asks the child to end and kills what is left of its group when it does not within the grace.
func (p *Process) Stop(sig syscall.Signal, grace time.Duration) {
	if err := syscall.Kill(p.PID(), sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.Kill()
		return
	}
	select {
	case <-p.done:
	case <-time.After(grace):
	}
	p.Kill()
}

// Kill ends the child and its children at once and waits for the child.
func (p *Process) Kill() {
	// The group may be gone already; there is nothing to report then.
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.done
}

// Failure explains why the child ended, with the end of its log.
func (p *Process) Failure() error {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return fmt.Errorf("%s ended (%w) and left no log: %w", p.name, p.ended(), err)
	}
	return fmt.Errorf("%s ended (%w): %s", p.name, p.ended(), end(string(text)))
}

// ended says how; a server that ends by itself has failed even when it says nothing of it.
func (p *Process) ended() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// end cuts a log to the part that usually tells the reason.
func end(text string) string {
	const keep = 1500
	text = strings.TrimSpace(text)
	if len(text) > keep {
		text = "… " + text[len(text)-keep:]
	}
	return text
}
