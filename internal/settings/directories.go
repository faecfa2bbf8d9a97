package settings

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/goccy/go-yaml/ast"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// recipe is what a directory was made from.
type recipe struct {
	text    string // its type and settings
	secrets *ledger
}

// ledger notes the secrets a directory asked for. It is safe for concurrent use.
type ledger struct {
	mu   sync.Mutex
	read map[secret.Ref]secret.Text
}

// noting gives a resolver that notes what it is asked.
func (l *ledger) noting(resolve secret.Resolver) secret.Resolver {
	return func(r secret.Ref) (secret.Text, error) {
		t, err := resolve(r)
		if err == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.read[r] = t
		}
		return t, err
	}
}

// fresh reports whether every secret still is what it was.
func (l *ledger) fresh(resolve secret.Resolver) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r, was := range l.read {
		if is, err := resolve(r); err != nil || !is.Equal(was) {
			return false
		}
	}
	return true
}

func (c *Compiled) directories(d Document, r Registry, deps Deps, before *Compiled) error {
	if len(d.Directories) == 0 {
		return errors.New("directories: none given")
	}
	var errs []error
	for i, entry := range d.Directories {
		errs = append(errs, c.directory(fmt.Sprintf("directories[%d]", i), d, entry, r, deps, before))
	}
	return errors.Join(errs...)
}

// directory keeps or opens the one at a path.
func (c *Compiled) directory(path string, d Document, entry map[string]ast.Node, r Registry, deps Deps, before *Compiled) error {
	if len(entry) != 1 {
		return fmt.Errorf("%s: want exactly one type, got %d", path, len(entry))
	}
	for kind, node := range entry {
		path += "." + kind
		plugin, ok := r.Directories[kind]
		if !ok {
			return fmt.Errorf("%s: no such type", path)
		}
		made := recipe{text: kind, secrets: &ledger{read: map[secret.Ref]secret.Text{}}}
		if node != nil {
			made.text += "\n" + node.String()
		}
		dir, made, err := before.keepOr(made, deps.Resolve, func() (directory.Directory, error) {
			deps.Resolve = made.secrets.noting(deps.Resolve)
			return plugin.Open(d.decoder(node), deps)
		})
		if err != nil {
			return below(path, err)
		}
		if _, double := c.Snapshot.Directory(dir.Key()); double {
			if !before.uses(dir) {
				_ = dir.Close() // nothing was written over it
			}
			return fmt.Errorf("%s: %s is there twice", path, dir.Key())
		}
		c.Snapshot.Directories = append(c.Snapshot.Directories, dir)
		c.made[dir.Key()] = made
	}
	return nil
}

// keepOr gives the directory that was made from the same settings and secrets, else a new one.
func (c *Compiled) keepOr(made recipe, resolve secret.Resolver, open func() (directory.Directory, error)) (directory.Directory, recipe, error) {
	if c != nil {
		for _, d := range c.Snapshot.Directories {
			if old := c.made[d.Key()]; old.text == made.text && old.secrets.fresh(resolve) {
				return d, old, nil
			}
		}
	}
	d, err := open()
	return d, made, err
}

// uses reports whether a directory is one of this version's.
func (c *Compiled) uses(d directory.Directory) bool {
	return c != nil && slices.Contains(c.Snapshot.Directories, d)
}

// unused lists the directories that the other version does not use.
func (c *Compiled) unused(other *Compiled) []directory.Directory {
	return slices.DeleteFunc(slices.Clone(c.Snapshot.Directories), other.uses)
}

// closeBut closes the directories that the other version does not use.
func (c *Compiled) closeBut(other *Compiled) {
	for _, d := range c.unused(other) {
		_ = d.Close() // it is done with; what cannot be released now goes with the process
	}
}
