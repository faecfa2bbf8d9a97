package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rekey/internal/directory"
	"rekey/internal/site"
)

// Link ties an AD domain to the Entra tenant where the same people have accounts.
type Link struct {
	AD    string             `yaml:"ad"`    // key of the directory that enrollments are kept under
	Entra string             `yaml:"entra"` // key of the other one
	Mode  directory.LinkMode `yaml:"mode"`
	// First names the directory that is written first; with mode separate only, empty: the AD domain.
	First string `yaml:"first,omitempty"`
}

// links checks the links against the directories and puts them into the snapshot.
func (c *Compiled) links(d Document) error {
	var errs []error
	taken := map[string]bool{}
	for i, l := range d.Links {
		path := fmt.Sprintf("links[%d]", i)
		link, err := l.compile(path, c.Snapshot)
		errs = append(errs, err)
		for _, key := range []string{link.Home, link.Other} {
			if taken[key] && err == nil {
				errs = append(errs, fmt.Errorf("%s: %s is in another link already; a directory can be in one", path, key))
			}
			taken[key] = true
		}
		c.Snapshot.Links = append(c.Snapshot.Links, link)
	}
	return errors.Join(append(errs, c.labels(d))...)
}

func (l Link) compile(path string, snap *site.Snapshot) (directory.Link, error) {
	link := directory.Link{Home: l.AD, Other: l.Entra, Mode: l.Mode, OtherFirst: l.First == l.Entra && l.First != ""}
	var errs []error
	for _, end := range [][2]string{{"ad", l.AD}, {"entra", l.Entra}} {
		d, ok := snap.Directory(end[1])
		if !ok {
			errs = append(errs, fmt.Errorf("%s.%s: no such directory %q", path, end[0], end[1]))
			continue
		}
		if _, ok := d.(directory.Anchored); !ok {
			errs = append(errs, fmt.Errorf("%s.%s: accounts of %s cannot be tied to others", path, end[0], end[1]))
		}
	}
	if l.AD == l.Entra {
		errs = append(errs, fmt.Errorf("%s: both ends are %s", path, l.AD))
	}
	if !slices.Contains([]directory.LinkMode{directory.LinkHome, directory.LinkBoth, directory.LinkSeparate}, l.Mode) {
		errs = append(errs, fmt.Errorf("%s.mode: want ad, ad+entra or separate, got %q", path, l.Mode))
	}
	if d, _ := snap.Directory(l.Entra); l.Mode == directory.LinkBoth {
		if w, ok := d.(directory.SyncedWriter); ok && !w.WritesSynced() {
			errs = append(errs, fmt.Errorf("%s.mode: %s writes accounts that %s masters, which write_synced of %s does not allow", path, l.Mode, l.AD, l.Entra))
		}
	}
	switch {
	case l.First == "":
	case l.First != l.AD && l.First != l.Entra:
		errs = append(errs, fmt.Errorf("%s.first: want %s or %s, got %q", path, l.AD, l.Entra, l.First))
	case link.OtherFirst && !checksPasswords(snap, l.AD): // or the other would be written before the current password is judged
		errs = append(errs, fmt.Errorf("%s.first: %s cannot check a password beforehand, so it has to be written first", path, l.AD))
	case l.Mode != directory.LinkSeparate && l.First != l.AD:
		errs = append(errs, fmt.Errorf("%s.first: mode %s writes %s first", path, l.Mode, l.AD))
	}
	return link, errors.Join(errs...)
}

func checksPasswords(snap *site.Snapshot, key string) bool {
	d, _ := snap.Directory(key)
	_, ok := d.(directory.Authenticator)
	return ok
}

// labels checks what people call the directories.
func (c *Compiled) labels(d Document) error {
	c.Snapshot.Labels = maps.Clone(d.Labels)
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(d.Labels)) {
		if _, ok := c.Snapshot.Directory(key); !ok {
			errs = append(errs, fmt.Errorf("labels.%s: no such directory", key))
		}
		if label := d.Labels[key]; strings.TrimSpace(label) == "" || len(label) > 60 || !oneLine(label) {
			errs = append(errs, fmt.Errorf("labels.%s: want one line of at most 60 characters", key))
		}
	}
	return errors.Join(errs...)
}
