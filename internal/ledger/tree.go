package ledger

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the right edge of an RFC 6962 tree: all that is needed to append to it and to know its root. The zero value is an
// empty tree. It is a value: Append gives a changed copy.
type Tree struct {
	size int64
	edge []tlog.Hash // roots of the complete subtrees, largest first
}

// ReadTree reads what Size and Edge gave.
func ReadTree(size int64, edge []byte) (Tree, error) {
	if size < 0 || len(edge) != bits.OnesCount64(uint64(size))*tlog.HashSize {
		return Tree{}, fmt.Errorf("audit tree: an edge of %d bytes does not fit %d records", len(edge), size)
	}
	return Tree{size: size, edge: split(edge)}, nil
}

// Size is the number of records.
func (t Tree) Size() int64 { return t.size }

// Edge is the tree in bytes, for ReadTree: 32 for each bit set in Size.
func (t Tree) Edge() []byte { return join(t.edge) }

// Append adds a leaf. It gives the hashes that belong to the record: its own, then those of the subtrees it completes, 32
// bytes each (the stored hashes of tlog).
func (t Tree) Append(leaf []byte) (Tree, []byte) {
	h := tlog.RecordHash(leaf)
	added := []tlog.Hash{h}
	rest := len(t.edge)
	for n := t.size; n&1 == 1; n >>= 1 {
		rest--
		h = tlog.NodeHash(t.edge[rest], h)
		added = append(added, h)
	}
	edge := make([]tlog.Hash, 0, rest+1)
	edge = append(append(edge, t.edge[:rest]...), h)
	return Tree{size: t.size + 1, edge: edge}, join(added)
}

// Root is the tree hash (RFC 6962 §2.1).
func (t Tree) Root() tlog.Hash {
	if t.size == 0 {
		h, _ := tlog.TreeHash(0, nil) // an empty tree reads no hash
		return h
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}

func join(hs []tlog.Hash) []byte {
	b := make([]byte, 0, len(hs)*tlog.HashSize)
	for _, h := range hs {
		b = append(b, h[:]...)
	}
	return b
}

func split(b []byte) []tlog.Hash {
	hs := make([]tlog.Hash, len(b)/tlog.HashSize)
	for i := range hs {
		copy(hs[i][:], b[i*tlog.HashSize:])
	}
	return hs
}
