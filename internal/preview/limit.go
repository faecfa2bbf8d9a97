package preview

import (
	"fmt"
	"strconv"
	"strings"
)

// Limit says how many people may become unable to reset, of so many who can.
type Limit func(able int64) int64

// Usual is one in a hundred; where fewer than a thousand can reset one in ten, and no more than ten people.
func Usual(able int64) int64 { return max(able/100, min(able/10, 10)) }

// ParseLimit reads "12" as people and "2%" as a share of those who can reset.
func ParseLimit(s string) (Limit, error) {
	number, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || percent && n > 100 {
		return nil, fmt.Errorf("want a number of people such as 12, or a share such as 2%%, got %q", s)
	}
	if percent {
		return func(able int64) int64 { return able * n / 100 }, nil
	}
	return func(int64) int64 { return n }, nil
}
