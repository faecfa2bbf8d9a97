package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Place is where a hash is kept: the one that record Record completes at a level of the tree, 0 being its own.
type Place struct {
	Record int64
	Level  int
}

// Of takes the hash at the place out of what Append gave for the record.
func (p Place) Of(hashes []byte) ([]byte, error) {
	at := p.Level * tlog.HashSize
	if at+tlog.HashSize > len(hashes) {
		return nil, &RecordError{p.Record, "hashes are missing"}
	}
	return hashes[at : at+tlog.HashSize], nil
}

// Reader reads the hashes at places, all at once and in their order.
type Reader func(places []Place) ([][]byte, error)

// ReadHashes implements tlog.HashReader.
func (r Reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	places := make([]Place, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		places[i] = Place{(n+1)<<level - 1, level}
	}
	read, err := r(places)
	if err != nil {
		return nil, err
	}
	if len(read) != len(places) {
		return nil, fmt.Errorf("audit tree: %d of %d hashes were read", len(read), len(places))
	}
	return split(bytes.Join(read, nil)), nil
}

// TreeAt gives the tree as it was when it had size records, from the hashes that were kept then.
func TreeAt(size int64, r Reader) (Tree, error) {
	var indexes []int64
	for rest, began := size, int64(0); rest > 0; {
		level := bits.Len64(uint64(rest)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, began>>level))
		began += 1 << level
		rest -= 1 << level
	}
	if len(indexes) == 0 {
		return Tree{}, nil
	}
	edge, err := r.ReadHashes(indexes)
	if err != nil {
		return Tree{}, err
	}
	return Tree{size: size, edge: edge}, nil
}

// Begins checks that t is what the larger tree began with (RFC 6962 §2.1.2).
func (t Tree) Begins(larger Tree, r Reader) error {
	if t.size == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(larger.size, t.size, r)
	if err != nil {
		return err
	}
	if tlog.CheckTree(proof, larger.size, larger.Root(), t.size, t.Root()) != nil {
		return ErrRewritten
	}
	return nil
}

// Check compares the next record with the hashes that were kept for it, and its personal part with what its leaf says. It gives the tree
// with the record. The error is a *RecordError.
func (t Tree) Check(r Stored) (Tree, error) {
	grown, hashes := t.Append(r.Leaf)
	if !bytes.Equal(hashes, r.Hashes) {
		return Tree{}, &RecordError{t.size, "it or one before it was changed"}
	}
	if err := whole(r.Record); err != nil {
		return Tree{}, &RecordError{t.size, err.Error()}
	}
	return grown, nil
}

// whole checks a record by itself.
func whole(r Record) error {
	inner, err := readLeaf(r.Leaf)
	if err != nil {
		return err
	}
	return check(inner, r)
}

// prove gives for each record the hashes that lead from it to the root of a tree of size records (RFC 6962 §2.1.1).
func prove(size int64, numbers []int64, r Reader) ([][]byte, error) {
	var wanted []int64
	known := map[int64]tlog.Hash{}
	note := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		for _, i := range indexes {
			if _, ok := known[i]; !ok {
				known[i] = tlog.Hash{}
				wanted = append(wanted, i)
			}
		}
		return make([]tlog.Hash, len(indexes)), nil
	})
	for _, n := range numbers {
		if _, err := tlog.ProveRecord(size, n, note); err != nil {
			return nil, err
		}
	}
	read, err := r.ReadHashes(wanted)
	if err != nil {
		return nil, err
	}
	for i, index := range wanted {
		known[index] = read[i]
	}
	remember := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hs := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hs[i] = known[index]
		}
		return hs, nil
	})
	proofs := make([][]byte, len(numbers))
	for i, n := range numbers {
		p, err := tlog.ProveRecord(size, n, remember)
		if err != nil {
			return nil, err
		}
		proofs[i] = join(p)
	}
	return proofs, nil
}

// proven checks that a record is in the tree that was signed.
func proven(c Checkpoint, number int64, leaf, proof []byte) error {
	if len(proof)%tlog.HashSize != 0 {
		return errors.New("its proof is cut")
	}
	if tlog.CheckRecord(split(proof), c.Size, c.Root, number, tlog.RecordHash(leaf)) != nil {
		return errors.New("it is not what was signed")
	}
	return nil
}
