package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Origin is the first line of every checkpoint, and the name of the key that signs it.
const Origin = "rekey-audit"

// Checkpoint states what the log was at one time.
type Checkpoint struct {
	Size int64
	Root tlog.Hash
	At   time.Time // when it was signed, to the second
}

// Sign writes the checkpoint as a signed note (C2SP tlog-checkpoint, the time as its extension line).
func (c Checkpoint) Sign(s note.Signer) (string, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n%s\n", Origin, c.Size, c.Root, c.At.UTC().Format(time.RFC3339))
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return string(signed), nil
}

// OpenCheckpoint reads a checkpoint and refuses one that the key did not sign.
func OpenCheckpoint(signed, verifierKey string) (Checkpoint, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verifier key: %w", err)
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := parse(n.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return c, nil
}

func parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[0] != Origin {
		return Checkpoint{}, errors.New("not one of an audit log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, fmt.Errorf("size %q is no number of records", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, err
	}
	at, err := time.Parse(time.RFC3339, lines[3])
	return Checkpoint{Size: size, Root: root, At: at}, err
}
