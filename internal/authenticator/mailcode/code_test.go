package mailcode

import "testing"

// TestAttack11PredictableCodes: every digit is drawn as often as any other at every place, the first included (chi-square with 9
// degrees of freedom, which exceeds 60 by chance once in a hundred million times).
func TestAttack11PredictableCodes(t *testing.T) {
	const draws = 20_000
	for _, length := range []int{6, 10} {
		seen := make([][10]int, length)
		for range draws {
			code := newCode(length)
			if len(code) != length {
				t.Fatalf("code %q: want %d digits, leading zeros kept", code, length)
			}
			for i, r := range code {
				seen[i][r-'0']++
			}
		}
		const expected = draws / 10.0
		for place, counts := range seen {
			chi := 0.0
			for _, n := range counts {
				chi += (float64(n) - expected) * (float64(n) - expected) / expected
			}
			if chi > 60 {
				t.Errorf("place %d of %d: %v, chi-square %.1f", place, length, counts, chi)
			}
		}
	}
}
