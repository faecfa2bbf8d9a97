package ledger

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// excerptFormat names an export of some records, each with the proof that it is in the log.
const excerptFormat = "rekey-audit-excerpt/1"

// piece is one record of an excerpt.
type piece struct {
	Number   int64           `json:"n"`
	Leaf     json.RawMessage `json:"leaf"`
	Proof    []byte          `json:"proof"` // the hashes from the record to the root, 32 bytes each
	Salt     []byte          `json:"salt,omitempty"`
	Personal json.RawMessage `json:"personal,omitempty"`
}

// Numbered is a record with its place in the log.
type Numbered struct {
	Number int64
	Record
}

// Excerpt writes some records of a log with the proof that they are in it. Make it with NewExcerpt.
type Excerpt struct {
	tree Tree
	read Reader
	out  *bufio.Writer
	enc  *json.Encoder
}

// NewExcerpt begins an excerpt: a checkpoint of tree signed now. read gives the hashes of the tree's records.
func NewExcerpt(w io.Writer, tree Tree, s note.Signer, now time.Time, read Reader) (*Excerpt, error) {
	signed, err := Checkpoint{Size: tree.Size(), Root: tree.Root(), At: now}.Sign(s)
	if err != nil {
		return nil, err
	}
	e := &Excerpt{tree: tree, read: read, out: bufio.NewWriter(w)}
	e.enc = json.NewEncoder(e.out)
	if err := e.enc.Encode(header{excerptFormat, tree.Size(), signed}); err != nil {
		return nil, fmt.Errorf("write excerpt: %w", err)
	}
	if err := e.out.Flush(); err != nil {
		return nil, fmt.Errorf("write excerpt: %w", err)
	}
	return e, nil
}

// Write adds records whose numbers rise, also from one call to the next. Personal parts are taken through Canonical.
func (e *Excerpt) Write(records []Numbered) error {
	numbers := make([]int64, len(records))
	for i, r := range records {
		numbers[i] = r.Number
	}
	proofs, err := prove(e.tree.Size(), numbers, e.read)
	if err != nil {
		return err
	}
	for i, r := range records {
		if r.Personal != nil {
			if r.Personal, err = Canonical(r.Personal); err != nil {
				return fmt.Errorf("audit record %d: %w", r.Number, err)
			}
		}
		if err := e.enc.Encode(piece{r.Number, r.Leaf, proofs[i], r.Salt, r.Personal}); err != nil {
			return fmt.Errorf("write excerpt: %w", err)
		}
	}
	if err := e.out.Flush(); err != nil {
		return fmt.Errorf("write excerpt: %w", err)
	}
	return nil
}

// verifyExcerpt checks the records of an excerpt. What is not in it is not spoken of.
func verifyExcerpt(lines *bufio.Scanner, signed Checkpoint) (Summary, error) {
	sum := Summary{At: signed.At, Excerpt: true}
	last := int64(-1)
	for lines.Scan() {
		var p piece
		if err := exact(lines.Bytes(), &p); err != nil {
			return Summary{}, &RecordError{last + 1, "not a record as exported"}
		}
		if p.Number <= last {
			return Summary{}, &RecordError{p.Number, "it is there twice, or out of order"}
		}
		last = p.Number
		if err := proven(signed, p.Number, p.Leaf, p.Proof); err != nil {
			return Summary{}, &RecordError{p.Number, err.Error()}
		}
		if err := whole(Record{Leaf: p.Leaf, Salt: p.Salt, Personal: p.Personal}); err != nil {
			return Summary{}, &RecordError{p.Number, err.Error()}
		}
		sum.Records++
		if p.Personal == nil {
			sum.Erased++
		}
	}
	if err := lines.Err(); err != nil {
		return Summary{}, fmt.Errorf("read excerpt: %w", err)
	}
	return sum, nil
}
