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

// attempts bounds the search for words that hold no part of the name and fit the longest password allowed.
const attempts = 1000

// Suggest makes a password of random words joined by dashes, with one capital and a digit at the end: four words are 44 bits,
// the digit 3, the place of the capital 2, together 49 bits. Rules that want a longer one get more words. It meets every rule
// that can be judged here, and is empty when the rules leave no room for words. rng is crypto/rand.Reader in production.
func Suggest(rng io.Reader, r Rules) secret.Text {
	words := strings.Fields(wordList)
	for range attempts {
		parts := []string{}
		for length := 0; len(parts) < 4 || length < max(r.MinUnits, r.MinLength); {
			word := words[pick(rng, len(words))]
			parts = append(parts, word)
			length += len(word) + 1 // the dash behind it; the digit behind the last
		}
		if s := secret.New(dress(rng, parts)); met(r, s) {
			return s
		}
	}
	return secret.Text{}
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
