package passwordrule

import (
	"crypto/rand"
	_ "embed"
	"io"
	"math/big"
	"strings"

	"rekey/internal/secret"
)

// wordList has 2,048 short words, one a line: 11 bits each.
//
//go:embed words.txt
var wordList string

// Suggest makes a password of random words with a digit and a sign: four words are 44 bits, plus about 9 for digit, sign and
// place of the capital. It adds words until every rule that can be judged here is met. rng is crypto/rand.Reader in production.
func Suggest(rng io.Reader, r Rules) secret.Text {
	words := strings.Fields(wordList)
	parts := []string{}
	for len(parts) < 12 {
		parts = append(parts, words[pick(rng, len(words))])
		if len(parts) < 4 {
			continue
		}
		if s := secret.New(dress(rng, parts)); met(r, s) {
			return s
		}
		if len(parts) == 6 && len(r.NoNameParts) > 0 {
			parts = nil // a word that holds part of the name: start over
		}
	}
	return secret.New(dress(rng, parts))
}

func dress(rng io.Reader, parts []string) string {
	out := make([]string, len(parts))
	copy(out, parts)
	i := pick(rng, len(out))
	out[i] = strings.ToUpper(out[i][:1]) + out[i][1:]
	return strings.Join(out, "-") + string("23456789"[pick(rng, 8)])
}

func met(r Rules, s secret.Text) bool {
	for _, res := range Check(r, s) {
		if res.State == Unmet {
			return false
		}
	}
	return true
}

// pick chooses below n without bias.
func pick(rng io.Reader, n int) int {
	i, err := rand.Int(rng, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return int(i.Int64())
}
