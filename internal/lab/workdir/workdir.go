// Package workdir makes the private folders of the lab's servers and sweeps away those whose owner died.
//
// A folder belongs to the process that holds a lock on it. The kernel drops the lock when the process ends, so a
// folder nobody holds is rubbish, whatever happened to its owner.
package workdir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Dir is a folder that lives as long as its owner.
type Dir struct {
	path string
	lock *os.File
}

// root is short, because a Unix socket's path may not pass 107 bytes, and fixed, so that sweeping finds what earlier
// runs left. TMPDIR may be neither.
func root() string { return "/tmp/rekey-lab-" + strconv.Itoa(os.Getuid()) }

// New makes a folder whose name starts with prefix. Others may enter it, because servers drop to another user.
func New(prefix string) (*Dir, error) {
	base, err := lockRoot()
	if err != nil {
		return nil, err
	}
	defer base.Close()
	sweep()
	path, err := os.MkdirTemp(root(), prefix+"-")
	if err != nil {
		return nil, fmt.Errorf("make lab folder: %w", err)
	}
	if err := os.Chmod(path, 0o755); err != nil {
		return nil, fmt.Errorf("open lab folder to servers: %w", err)
	}
	lock, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open lab folder: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock lab folder: %w", err), lock.Close())
	}
	return &Dir{path: path, lock: lock}, nil
}

// Path is the folder.
func (d *Dir) Path() string { return d.path }

// Join gives the path of something in the folder.
func (d *Dir) Join(elem ...string) string {
	return filepath.Join(append([]string{d.path}, elem...)...)
}

// Close removes the folder, and the common parent when nothing else is in it.
func (d *Dir) Close() error {
	base, err := lockRoot()
	if err != nil {
		return err
	}
	defer base.Close()
	err = os.RemoveAll(d.path)
	// Fails while other labs have folders there.
	_ = os.Remove(root())
	if err := errors.Join(err, d.lock.Close()); err != nil {
		return fmt.Errorf("remove lab folder: %w", err)
	}
	return nil
}

// lockRoot opens and locks the common parent. Closing the file unlocks it.
func lockRoot() (*os.File, error) {
	for {
		f, err := openRoot()
		if errors.Is(err, os.ErrNotExist) {
			continue // removed by another lab's Close between Mkdir and Open
		}
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", root(), err), f.Close())
		}
		if isRoot(f) {
			return f, nil
		}
		f.Close() // removed while we waited for the lock: it is not the parent any more
	}
}

func openRoot() (*os.File, error) {
	if err := os.Mkdir(root(), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make %s: %w", root(), err)
	}
	f, err := os.OpenFile(root(), os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", root(), err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// /tmp is everybody's: somebody else could have put a folder of that name there.
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
		return nil, errors.Join(fmt.Errorf("%s belongs to another user", root()), f.Close())
	}
	return f, nil
}

func isRoot(f *os.File) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(root())
	return err == nil && os.SameFile(held, named)
}

// sweep removes the folders nobody holds. Failing to is no reason to fail the lab that is starting.
func sweep() {
	entries, err := os.ReadDir(root())
	if err != nil {
		return
	}
	for _, e := range entries {
		path := filepath.Join(root(), e.Name())
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(path)
		}
		f.Close()
	}
}
