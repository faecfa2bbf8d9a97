package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxLine bounds one line of an export, in bytes.
const maxLine = 1 << 20

// Summary is what a good export holds.
type Summary struct {
	Records int64
	Erased  int64     // of them, records whose personal part was erased, or left out
	Excerpt bool      // some records only: it says nothing of the others
	At      time.Time // when the checkpoint was signed
}

// RecordError names the first record of an export that is not what was signed.
type RecordError struct {
	Number int64 // from 0
	Why    string
}

// Error implements error.
func (e *RecordError) Error() string { return fmt.Sprintf("record %d: %s", e.Number, e.Why) }

// ErrRewritten is an export whose hashes were all made anew, so that no single record can be named.
var ErrRewritten = errors.New("the records are not those that were signed")

// Verify checks an export against the key that signs checkpoints, and needs nothing else. Older checkpoints of the log, as
// signed then, must be prefixes of it. The error is a *RecordError when one record can be named.
func Verify(r io.Reader, verifierKey string, older ...string) (Summary, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	signed, excerpt, err := readHeader(lines, verifierKey)
	if err != nil {
		return Summary{}, err
	}
	if excerpt {
		if len(older) > 0 {
			return Summary{}, errors.New("an excerpt cannot be compared with older checkpoints: it needs a whole export")
		}
		return verifyExcerpt(lines, signed)
	}
	marks, err := prefixes(older, verifierKey, signed)
	if err != nil {
		return Summary{}, err
	}
	sum := Summary{At: signed.At}
	var tree Tree
	for {
		if c, ok := marks[tree.Size()]; ok && c.Root != tree.Root() {
			return Summary{}, fmt.Errorf("the first %d records are not those that were signed at %s", c.Size, c.At.Format(time.RFC3339))
		}
		if !lines.Scan() {
			break
		}
		if tree.Size() == signed.Size {
			return Summary{}, &RecordError{tree.Size(), "the checkpoint does not cover it"}
		}
		var erased bool
		if tree, erased, err = next(tree, lines.Bytes()); err != nil {
			return Summary{}, err
		}
		if erased {
			sum.Erased++
		}
	}
	if err := lines.Err(); err != nil {
		return Summary{}, fmt.Errorf("read export: %w", err)
	}
	if tree.Size() < signed.Size {
		return Summary{}, &RecordError{tree.Size(), fmt.Sprintf("missing, %d were signed", signed.Size)}
	}
	if tree.Root() != signed.Root {
		return Summary{}, ErrRewritten
	}
	sum.Records = tree.Size()
	return sum, nil
}

func readHeader(lines *bufio.Scanner, verifierKey string) (c Checkpoint, excerpt bool, err error) {
	if !lines.Scan() {
		return Checkpoint{}, false, errors.Join(errors.New("the export is empty"), lines.Err())
	}
	var h header
	if err := exact(lines.Bytes(), &h); err != nil || h.Format != format && h.Format != excerptFormat {
		return Checkpoint{}, false, errors.New("the first line is no header of an audit export")
	}
	if c, err = OpenCheckpoint(h.Checkpoint, verifierKey); err != nil {
		return Checkpoint{}, false, err
	}
	if c.Size != h.Size {
		return Checkpoint{}, false, fmt.Errorf("the header speaks of %d records, the checkpoint of %d", h.Size, c.Size)
	}
	return c, h.Format == excerptFormat, nil
}

// prefixes opens older checkpoints, by size.
func prefixes(older []string, verifierKey string, newest Checkpoint) (map[int64]Checkpoint, error) {
	marks := make(map[int64]Checkpoint, len(older))
	for _, signed := range older {
		c, err := OpenCheckpoint(signed, verifierKey)
		if err != nil {
			return nil, fmt.Errorf("older %w", err)
		}
		if c.Size > newest.Size {
			return nil, fmt.Errorf("%d records were signed at %s, the export holds %d", c.Size, c.At.Format(time.RFC3339), newest.Size)
		}
		if other, ok := marks[c.Size]; ok && other.Root != c.Root {
			return nil, fmt.Errorf("two older checkpoints of %d records differ", c.Size)
		}
		marks[c.Size] = c
	}
	return marks, nil
}

// next checks one line and appends its leaf.
func next(tree Tree, b []byte) (grown Tree, erased bool, err error) {
	bad := func(why string) (Tree, bool, error) { return Tree{}, false, &RecordError{tree.Size(), why} }
	var l line
	if err := exact(b, &l); err != nil {
		return bad("not a record as exported")
	}
	if l.Number != tree.Size() {
		return bad(fmt.Sprintf("record %d is in its place", l.Number))
	}
	grown, err = tree.Check(Stored{Record{Leaf: l.Leaf, Salt: l.Salt, Personal: l.Personal}, l.Hashes})
	return grown, l.Personal == nil, err
}

// exact reads a line and refuses one that holds more than what is read: unknown or repeated fields, other spacing.
func exact(b []byte, into any) error {
	if err := strict(b, into); err != nil {
		return err
	}
	again, err := json.Marshal(into)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return errors.New("not in canonical form")
	}
	return nil
}
