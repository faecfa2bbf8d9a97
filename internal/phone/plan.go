package phone

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// table holds the numbering plans of all countries: a line for each, those of one calling code together and the main one first.
//
//go:embed plans.tsv
var table string

//go:generate go test -count=1 -run TestPlansAreThoseOfTheLibrary . -args -update

// The columns of the table. Those from general on are patterns of national numbers, each with the lengths they may have: "1\d{9};10".
const (
	columnCode = iota // calling code: 49
	columnCountry
	columnAbroad    // pattern of what is dialled before a calling code: 00
	columnTrunk     // pattern of what is dialled before a national number: 0
	columnTransform // what takes its place, where that is not nothing: 9$1
	columnLeading   // pattern of how numbers begin, where several countries have the code
	columnGeneral
	columnPremium
	columnFree
	columnShared
	columnVoIP
	columnPersonal
	columnPager
	columnCompany
	columnVoicemail
	columnFixed
	columnMobile
	columns
)

// plan is one country's, compiled when it is first needed.
type plan struct {
	code, country string
	transform     string
	abroad, trunk func() *regexp.Regexp
	leading       func() *regexp.Regexp // nil: not told apart by it
	described     [columns]description
}

// description says which national numbers are of a kind.
type description struct {
	pattern func() *regexp.Regexp // nil: none are
	lengths []int                 // empty: any
}

func (d description) has(national string) bool {
	return d.pattern != nil && (len(d.lengths) == 0 || slices.Contains(d.lengths, len(national))) && d.pattern().MatchString(national)
}

// directory is all plans, by calling code and by country.
type directory struct {
	byCode    map[string][]*plan // the main one first
	byCountry map[string]*plan
}

// plans reads the table when it is first needed.
var plans = sync.OnceValue(func() directory { //nolint:gochecknoglobals // a table, read once
	d := directory{map[string][]*plan{}, map[string]*plan{}}
	for line := range strings.Lines(table) {
		p := read(strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		d.byCode[p.code] = append(d.byCode[p.code], p)
		d.byCountry[p.country] = p
	}
	delete(d.byCountry, nowhere)
	return d
})

func read(row []string) *plan {
	p := &plan{
		code: row[columnCode], country: row[columnCountry], transform: row[columnTransform], abroad: lazily(row[columnAbroad], ")"),
		trunk: lazily(row[columnTrunk], ")"), leading: lazily(row[columnLeading], ")"),
	}
	for i := columnGeneral; i < columns; i++ {
		pattern, lengths, _ := strings.Cut(row[i], ";")
		p.described[i].pattern = lazily(pattern, ")$")
		for l := range strings.FieldsFuncSeq(lengths, func(r rune) bool { return r == ',' }) {
			n, _ := strconv.Atoi(l) // the test that writes the table compares
			p.described[i].lengths = append(p.described[i].lengths, n)
		}
	}
	return p
}

// lazily compiles a pattern for the beginning of a text when it is first needed; nil for none.
func lazily(pattern, after string) func() *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^(?:" + pattern + after) })
}

// kind gives what a national number stands for; empty: it is none of the plan's.
func (p *plan) kind(national string) Kind {
	of := func(column int) bool { return p.described[column].has(national) }
	switch {
	case !of(columnGeneral):
		return ""
	case of(columnPremium):
		return Premium
	}
	for column := columnFree; column <= columnVoicemail; column++ {
		if of(column) {
			return Other
		}
	}
	switch fixed, mobile := of(columnFixed), of(columnMobile); {
	case fixed && mobile:
		return FixedOrMobile
	case fixed:
		return Fixed
	case mobile:
		return Mobile
	}
	return ""
}

// national takes away what is dialled before a national number, where what is left is a number.
func (p *plan) national(digits string) string {
	if p.trunk == nil {
		return digits
	}
	at := p.trunk().FindStringSubmatchIndex(digits)
	if at == nil {
		return digits
	}
	bare := digits[at[1]:]
	if last := len(at) - 2; p.transform != "" && at[last] >= 0 {
		bare = p.trunk().ReplaceAllString(digits, p.transform)
	}
	if p.described[columnGeneral].pattern().MatchString(bare) {
		return bare
	}
	return digits
}
