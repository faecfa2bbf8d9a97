package geo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// file is one configured path. Its state is replaced as a whole and never changed, so that a lookup goes on with the database it
// began with; the bytes are in memory and nothing has to be closed.
type file struct {
	path  string
	state atomic.Pointer[state]
}

// state is what is known of a file since it was last looked at.
type state struct {
	db   *maxminddb.Reader // what answers; nil: nothing does
	seen fs.FileInfo       // the file whose bytes were read last; nil: look again
	err  error             // why the file as it stands is not what answers
}

// next looks at the file again.
func (s *state) next(path string) *state {
	info, err := os.Stat(path)
	if err == nil && s.seen != nil && same(s.seen, info) {
		return s
	}
	var text []byte
	if err == nil {
		text, err = read(path, info)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &state{err: errors.New("there is no such file")}
	case err != nil:
		return &state{db: s.db, err: err}
	}
	// The file was looked at before it was read: one that is still being written differs at the next look, and is read again.
	db, err := open(text)
	if err != nil {
		return &state{db: s.db, seen: info, err: err}
	}
	return &state{db: db, seen: info}
}

// same reports whether nothing was renamed onto the path or written into it.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

func read(path string, info fs.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file") // reading a pipe might never end
	}
	return os.ReadFile(path)
}

// open takes a database that is whole and tells something of places.
func open(text []byte) (*maxminddb.Reader, error) {
	db, err := maxminddb.OpenBytes(text)
	if err != nil {
		return nil, fmt.Errorf("it is not an mmdb database: %w", err)
	}
	if err := db.Verify(); err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	for result := range db.Networks() {
		p, err := decode(result)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", result.Prefix(), err)
		}
		if p != (Place{}) {
			return db, nil
		}
	}
	return nil, fmt.Errorf("a database of type %s has no country, no autonomous system and no position", db.Metadata.DatabaseType)
}

// FileStatus is how one file stands.
type FileStatus struct {
	Path string
	// Kind is the type its maker gave the database that answers, such as "GeoLite2-City"; empty: none answers.
	Kind    string
	BuiltAt time.Time     // when its maker made it, UTC; zero if none answers
	Age     time.Duration // since then
	// Err says why the file as it stands is not used; nil: it is. If Kind is set nevertheless, the one before it goes on answering.
	Err error
}

func (f *file) status(now time.Time) FileStatus {
	s := f.state.Load()
	out := FileStatus{Path: f.path, Err: s.err}
	if s.db != nil {
		out.Kind = s.db.Metadata.DatabaseType
		out.BuiltAt = s.db.Metadata.BuildTime().UTC()
		out.Age = now.Sub(out.BuiltAt)
	}
	return out
}
