// Package template keeps what is slow to make, such as an initialised database or a provisioned domain, so that it is
// made once per machine and copied from then on.
package template

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Cache keeps templates in a folder.
type Cache struct{ dir string }

// Default is the user's cache. It falls back to a folder under /tmp where the user has no home.
func Default() Cache {
	base, err := os.UserCacheDir()
	if err != nil {
		base = fmt.Sprintf("/tmp/rekey-lab-cache-%d", os.Getuid())
	}
	return Cache{dir: filepath.Join(base, "rekey-lab")}
}

// In keeps templates in a folder of the caller's choice.
func In(dir string) Cache { return Cache{dir: dir} }

// Recipe says how a template is made and when it is out of date.
type Recipe struct {
	Name   string        // for people, for example "domain-corp.example.test"
	Key    string        // everything that goes into it: another key is another template
	MaxAge time.Duration // a template older than this is made again; zero: never
	Build  func(ctx context.Context, dir string) error
}

// Get gives the template's folder and makes it first if there is none. It must not be changed: copy it. Any number of
// processes may call it at once; one builds and the others wait.
func (c Cache) Get(ctx context.Context, r Recipe) (string, error) {
	sum := sha256.Sum256([]byte(r.Key))
	dir := filepath.Join(c.dir, r.Name+"-"+hex.EncodeToString(sum[:6]))
	if fresh(dir, r.MaxAge) {
		return dir, nil
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return "", fmt.Errorf("make template cache: %w", err)
	}
	lock, err := acquire(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if fresh(dir, r.MaxAge) {
		return dir, nil
	}
	c.prune(r.Name + "-")
	if err := build(ctx, dir, r); err != nil {
		return "", fmt.Errorf("make template %s: %w", r.Name, err)
	}
	return dir, nil
}

func fresh(dir string, maxAge time.Duration) bool {
	info, err := os.Stat(dir)
	return err == nil && (maxAge == 0 || time.Since(info.ModTime()) < maxAge)
}

// acquire waits for the lock without a blocking call, so that the context is obeyed.
func acquire(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open template lock: %w", err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock template: %w", err), f.Close())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for template: %w", ctx.Err()), f.Close())
		}
	}
}

// build makes the template beside its place and moves it there whole, so that nobody sees half of one.
func build(ctx context.Context, dir string, r Recipe) error {
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "building-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(tmp)
	content := filepath.Join(tmp, "content")
	if err := os.Mkdir(content, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := r.Build(ctx, content); err != nil {
		return err
	}
	// An outdated one moves aside first: somebody may still be copying it, and rename does not replace a full folder.
	if err := os.Rename(dir, filepath.Join(tmp, "old")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("move old template away: %w", err)
	}
	now := time.Now()
	if err := os.Chtimes(content, now, now); err != nil {
		return fmt.Errorf("date template: %w", err)
	}
	if err := os.Rename(content, dir); err != nil {
		return fmt.Errorf("put template in place: %w", err)
	}
	return nil
}

// prune drops templates of earlier recipes that nobody has built for a month, and abandoned builds.
func (c Cache) prune(prefix string) {
	const keep = 30 * 24 * time.Hour
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() {
			continue
		}
		age := time.Since(info.ModTime())
		abandoned := strings.HasPrefix(e.Name(), "building-") && age > time.Hour
		if abandoned || strings.HasPrefix(e.Name(), prefix) && age > keep {
			_ = os.RemoveAll(filepath.Join(c.dir, e.Name()))
		}
	}
}

// Copy copies a template to a folder, which is made. owner, if not nil, gets everything in it.
func Copy(src, dst string, owner *syscall.Credential) error {
	err := filepath.WalkDir(src, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		return copyEntry(path, filepath.Join(dst, rel), e, owner)
	})
	if err != nil {
		return fmt.Errorf("copy template: %w", err)
	}
	return nil
}

func copyEntry(from, to string, e fs.DirEntry, owner *syscall.Credential) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	switch {
	case e.IsDir():
		err = os.MkdirAll(to, info.Mode().Perm())
	case info.Mode().IsRegular():
		err = copyFile(from, to, info.Mode().Perm())
	default:
		return nil // sockets of a server that ran while the template was made
	}
	if err == nil && owner != nil {
		err = os.Lchown(to, int(owner.Uid), int(owner.Gid))
	}
	return err
}

func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
