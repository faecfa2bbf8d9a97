package spend

import (
	"fmt"
	"math"
	"strconv"
)

// Money is an amount in millionths of the currency's unit: a segment costs fractions of a cent.
type Money int64

const unit = 1_000_000

// most is the highest amount that settings take, in units.
const most = 1_000_000_000

// money reads an amount; false: it is negative, no number or too much.
func money(units float64) (Money, bool) {
	if math.IsNaN(units) || units < 0 || units > most {
		return 0, false
	}
	return Money(math.Round(units * unit)), true
}

// Units gives the amount in the currency's unit.
func (m Money) Units() float64 { return float64(m) / unit }

// String gives the amount in units, with as many decimals as it needs and two at least.
func (m Money) String() string {
	s := strconv.FormatFloat(m.Units(), 'f', -1, 64)
	if two := fmt.Sprintf("%.2f", m.Units()); len(two) > len(s) {
		return two
	}
	return s
}
