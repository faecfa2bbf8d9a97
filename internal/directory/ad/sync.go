package ad

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
	"rekey/internal/directory/ldapconn"
)

var _ directory.Syncer = (*Directory)(nil)

// cursor says how far the changes of each domain controller have been read. Every controller counts by itself (uSNChanged, MS-ADTS
// 3.1.1.1.9), and one that was restored has another invocation ID and counts anew.
type cursor struct {
	Scope  string           `json:"scope"`  // what is read; with other settings everything has to be read again
	Places map[string]place `json:"places"` // by invocation ID
	// DirSync is where the feed of changes stands, if the service account may read that.
	DirSync []byte `json:"dirsync,omitempty"`
}

// complete reports whether everything has been read once.
func (c cursor) complete() bool {
	for _, p := range c.Places {
		if p.At >= p.Base {
			return true
		}
	}
	return false
}

type place struct {
	At int64 `json:"at"` // changes up to here have been told
	// Base is how far the controller was when reading everything began: what was deleted before need not be told.
	Base int64 `json:"base"`
}

const (
	mostPlaces = 16   // controllers that are remembered
	pageSize   = 1000 // objects; no more than MaxPageSize of a controller (MS-ADTS 3.1.1.3.4.6)
	firstWidth = 2048 // of a window, in changes, where their density is not known
	mostPages  = 8    // of a window: what has to be read again at most after a crash
)

// Changes implements directory.Syncer. Everything is read by ranges of change numbers, window by window, so that a pass that was broken
// off goes on anywhere; a window holds about a page. Afterwards the feed of changes (DirSync) tells which objects to read, if the
// service account may read it; else the numbers do, and a controller that is new to the cursor tells everything once. Without the feed,
// deleted objects are told if the service account may read the container they are kept in; else the next full pass misses them.
func (d *Directory) Changes(ctx context.Context, from directory.Cursor, take func(directory.Page) error) error {
	w := &walk{d: d, cursor: cursor{Scope: d.scope(), Places: map[string]place{}}}
	var refused error
	w.take = func(p directory.Page) error {
		refused = take(p)
		return refused
	}
	if len(from) > 0 {
		if err := json.Unmarshal(from, &w.cursor); err != nil || w.cursor.Scope != d.scope() {
			return directory.ErrCursorGone
		}
	}
	err := w.run(ctx, len(from) == 0)
	switch {
	case refused != nil:
		return refused
	case errors.Is(err, errGone):
		return directory.ErrCursorGone
	}
	return err
}

// scope changes with what settings say is to be read.
func (d *Directory) scope() string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{strings.ToLower(d.base.String())}, d.config.Attributes...), "\n")))
	return hex.EncodeToString(sum[:8])
}

var errGone = errors.New("the controller cannot go on from there")

func (w *walk) run(ctx context.Context, everything bool) error {
	err := w.d.pool.Read(ctx, func(c *conn) error { return w.start(ctx, c, everything) })
	if err == nil && len(w.cursor.DirSync) > 0 && w.cursor.complete() {
		return w.feed(ctx)
	}
	for err == nil && w.at < w.goal {
		err = w.d.pool.Read(ctx, func(c *conn) error { return w.window(ctx, c) })
	}
	return err
}

// walk goes through a controller's changes.
type walk struct {
	d      *Directory
	cursor cursor
	take   func(directory.Page) error

	service    string // the controller: DN of its settings
	invocation string
	facts      domainFacts
	at, goal   int64
	base       int64
	width      int64
}

// start finds out how far the controller is.
func (w *walk) start(ctx context.Context, c *conn, everything bool) error {
	var err error
	if w.facts, err = w.d.facts(ctx, c); err != nil {
		return err
	}
	own, err := c.Read(ctx, w.d.config.ReadTimeout, c.Root.service, ldapconn.Anything, "invocationId")
	if err != nil {
		return err
	}
	root, err := c.Read(ctx, w.d.config.ReadTimeout, "", ldapconn.Anything, "highestCommittedUSN")
	if err != nil {
		return err
	}
	if own == nil || root == nil || text(root, "highestCommittedUSN") == "" || guidText(own.GetEqualFoldRawAttributeValue("invocationId")) == "" {
		return fmt.Errorf("%s does not tell its invocation ID and its changes", c.Server.URL)
	}
	w.service, w.invocation = c.Root.service, guidText(own.GetEqualFoldRawAttributeValue("invocationId"))
	w.goal = number(text(root, "highestCommittedUSN"))
	p, known := w.cursor.Places[w.invocation]
	switch {
	case everything:
		p = place{Base: w.goal}
		if w.cursor.DirSync, err = w.present(ctx, c); err != nil {
			return err
		}
	case !known && len(w.cursor.Places) >= mostPlaces:
		return errGone
	}
	if p.At > w.goal {
		return errGone
	}
	w.at, w.base, w.width = p.At, p.Base, firstWidth
	if p.At > 0 && p.At >= p.Base { // few changes are to be expected
		w.width = max(firstWidth, w.goal-p.At)
	}
	return nil
}

// next is the cursor behind what was told.
func (w *walk) next() directory.Cursor {
	w.cursor.Places[w.invocation] = place{At: w.at, Base: w.base}
	text, _ := json.Marshal(w.cursor) // strings and numbers only
	return text
}

// synced are what is read of a directory.
const synced = "(|(&" + people + ")(objectCategory=group)(objectCategory=organizationalUnit))"

// window tells the next window of changes, and makes the following one wider or narrower by what it held.
func (w *walk) window(ctx context.Context, c *conn) error {
	if c.Root.service != w.service {
		return fmt.Errorf("%s answers instead of %s: the next pass goes on there", c.Server.URL, w.service)
	}
	to := min(w.at+w.width, w.goal)
	limits := fmt.Sprintf("(uSNChanged>=%d)(uSNChanged<=%d)", w.at+1, to)
	p := &pageful{walk: w, conn: c}
	if to > w.base {
		if err := p.deleted(ctx, limits); err != nil {
			return err
		}
	}
	found := 0
	paging := ldap.NewControlPaging(pageSize)
	for {
		entries, err := p.search(ctx, w.d.root, "(&"+limits+synced+")", w.d.syncedAttributes(), paging, extendedDN{})
		if err != nil {
			return err
		}
		found += len(entries)
		if len(paging.Cookie) > 0 && found == len(entries) && to-w.at > mostPages*pageSize {
			w.width = (to - w.at) / 2 // too much at once
			return nil
		}
		for _, e := range entries {
			if err := p.add(ctx, e); err != nil {
				return err
			}
		}
		if len(paging.Cookie) == 0 {
			break
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
	w.at = to
	switch {
	case found > pageSize:
		w.width = max(1, w.width/2)
	case found < pageSize/2:
		w.width *= 2
	}
	return p.flush()
}
