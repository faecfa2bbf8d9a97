package phone

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// update is read by the one test that can write what it compares.
var update = flag.Bool("update", false, "write plans.tsv")

// TestPlansAreThoseOfTheLibrary, of the version that tests use.
func TestPlansAreThoseOfTheLibrary(t *testing.T) {
	const file = "plans.tsv"
	want := written(t)
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Errorf("%s is not what the library has: run go generate ./internal/phone and look at the difference", file)
	}
}

func written(t *testing.T) string {
	t.Helper()
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]*phonenumbers.PhoneMetadata{}
	for _, m := range all.GetMetadata() {
		id := m.GetId()
		if id == nowhere {
			id += strconv.Itoa(int(m.GetCountryCode()))
		}
		of[id] = m
	}
	var codes []int
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	var b strings.Builder
	for _, code := range codes {
		for _, country := range phonenumbers.GetRegionCodesForCountryCode(code) {
			id := country
			if id == nowhere {
				id += strconv.Itoa(code)
			}
			fmt.Fprintln(&b, strings.Join(row(of[id], code, country), "\t"))
		}
	}
	return b.String()
}

func row(m *phonenumbers.PhoneMetadata, code int, country string) []string {
	cells := make([]string, columns)
	cells[columnCode], cells[columnCountry] = strconv.Itoa(code), country
	cells[columnAbroad], cells[columnTrunk] = m.GetInternationalPrefix(), m.GetNationalPrefixForParsing()
	cells[columnTransform], cells[columnLeading] = strings.ReplaceAll(m.GetNationalPrefixTransformRule(), "$1", "${1}"), m.GetLeadingDigits()
	mobile := m.GetMobile()
	if m.GetSameMobileAndFixedLinePattern() {
		mobile = m.GetFixedLine()
	}
	for column, d := range map[int]*phonenumbers.PhoneNumberDesc{
		columnGeneral: m.GetGeneralDesc(), columnPremium: m.GetPremiumRate(), columnFree: m.GetTollFree(), columnShared: m.GetSharedCost(),
		columnVoIP: m.GetVoip(), columnPersonal: m.GetPersonalNumber(), columnPager: m.GetPager(), columnCompany: m.GetUan(),
		columnVoicemail: m.GetVoicemail(), columnFixed: m.GetFixedLine(), columnMobile: mobile,
	} {
		var lengths []string
		for _, l := range d.GetPossibleLength() {
			lengths = append(lengths, strconv.Itoa(int(l)))
		}
		if d.GetNationalNumberPattern() != "" {
			cells[column] = d.GetNationalNumberPattern() + ";" + strings.Join(lengths, ",")
		}
	}
	return cells
}

// theirs is what the library says of a number with a plus sign.
func theirs(text string) (Number, bool) {
	n, err := phonenumbers.Parse(text, "")
	if err != nil || !phonenumbers.IsValidNumber(n) || n.GetExtension() != "" {
		return Number{}, false
	}
	kinds := map[phonenumbers.PhoneNumberType]Kind{
		phonenumbers.MOBILE: Mobile, phonenumbers.FIXED_LINE: Fixed, phonenumbers.FIXED_LINE_OR_MOBILE: FixedOrMobile, phonenumbers.PREMIUM_RATE: Premium,
	}
	kind, ok := kinds[phonenumbers.GetNumberType(n)]
	if !ok {
		kind = Other
	}
	return Number{phonenumbers.Format(n, phonenumbers.E164), phonenumbers.GetRegionCodeForNumber(n), kind}, true
}

// compare holds one number to the library.
func compare(t *testing.T, text string) {
	t.Helper()
	want, ok := theirs(text)
	if got, err := Parse(text, ""); (err == nil) != ok || got != want {
		t.Errorf("%q: %+v, %v; the library says %+v", text, got, err, want)
	}
}

// TestExamplesOfEveryCountry reads the library's own examples of each kind, whole and with a digit more, less or changed, as they are
// dialled from abroad and at home.
func TestExamplesOfEveryCountry(t *testing.T) {
	read := 0
	for country := range phonenumbers.GetSupportedRegions() {
		if !Known(country) {
			t.Errorf("%s is not known", country)
		}
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			example := phonenumbers.GetExampleNumberForType(country, kind)
			if example == nil {
				continue
			}
			whole := phonenumbers.Format(example, phonenumbers.E164)
			compare(t, whole)
			compare(t, whole+"1")
			compare(t, whole[:len(whole)-1])
			for i := len(whole) - 1; i > 3; i-- {
				compare(t, whole[:i]+string('0'+(whole[i]-'0'+3)%10)+whole[i+1:])
			}
			national := phonenumbers.Format(example, phonenumbers.NATIONAL)
			if got, err := Parse(national, country); err == nil && got.E164 != whole {
				t.Errorf("%s in %s: %+v", national, country, got)
			} else if err == nil {
				read++
			}
		}
	}
	if read < 1000 {
		t.Errorf("only %d are read as they are dialled at home", read)
	}
}

// FuzzAgainstTheLibrary: any digits behind a plus sign mean the same to both.
func FuzzAgainstTheLibrary(f *testing.F) {
	for _, seed := range []uint64{491711234567, 4901711234567, 12025550123, 18765551234, 5491123456789, 525512345678, 3906698, 447911123456, 77011234567, 80012345678, 88351001234567, 61412345678, 2250101234567} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, n uint64) { compare(t, "+"+strconv.FormatUint(n, 10)) })
}
