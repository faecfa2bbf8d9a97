package ad

import (
	"math"
	"strconv"
	"time"
)

// The directory counts time in 100 ns: points since 1601 (FILETIME, MS-DTYP 2.3.3), spans as negative numbers.
const (
	tick      = 100 * time.Nanosecond
	never     = math.MaxInt64
	unixEpoch = 116444736000000000 // 1970 in FILETIME
)

// number reads an integer attribute; 0 when it is absent or none.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// point reads a FILETIME; zero for 0 and never.
func point(s string) time.Time {
	n := number(s)
	if n <= 0 || n == never {
		return time.Time{}
	}
	return filetime(n)
}

func filetime(n int64) time.Time {
	n -= unixEpoch
	return time.Unix(n/1e7, n%1e7*100).UTC()
}

// span reads a duration. Unlimited ones, and those too long for Go, are the longest there is.
func span(s string) time.Duration {
	n := number(s)
	if n > 0 {
		return 0
	}
	if n < -math.MaxInt64/int64(tick) {
		return math.MaxInt64
	}
	return time.Duration(-n) * tick
}
