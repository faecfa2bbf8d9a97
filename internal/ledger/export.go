package ledger

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// format names the export and its version: JSON lines, a header first, then one record a line.
const format = "rekey-audit-export/1"

type header struct {
	Format     string `json:"format"`
	Size       int64  `json:"size"`
	Checkpoint string `json:"checkpoint"`
}

// line is one record. Salt and Personal are left out when they were erased.
type line struct {
	Number   int64           `json:"n"`
	Leaf     json.RawMessage `json:"leaf"`
	Hashes   []byte          `json:"hashes"` // as stored, to name the record that was changed
	Salt     []byte          `json:"salt,omitempty"`
	Personal json.RawMessage `json:"personal,omitempty"`
}

// Stored is a record with the hashes Append gave for it.
type Stored struct {
	Record
	Hashes []byte
}

// Export writes the log with a checkpoint of tree signed now. records must give the tree's records in order, from the first;
// it stops at the first error, of records or w. Personal parts are taken through Canonical.
func Export(w io.Writer, tree Tree, s note.Signer, now time.Time, records iter.Seq2[Stored, error]) error {
	signed, err := Checkpoint{Size: tree.Size(), Root: tree.Root(), At: now}.Sign(s)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	if err := enc.Encode(header{format, tree.Size(), signed}); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	number := int64(0)
	for r, err := range records {
		if err != nil {
			return fmt.Errorf("read audit record %d: %w", number, err)
		}
		if r.Personal != nil {
			if r.Personal, err = Canonical(r.Personal); err != nil {
				return fmt.Errorf("audit record %d: %w", number, err)
			}
		}
		if err := enc.Encode(line{number, r.Leaf, r.Hashes, r.Salt, r.Personal}); err != nil {
			return fmt.Errorf("write export: %w", err)
		}
		number++
	}
	return out.Flush()
}
