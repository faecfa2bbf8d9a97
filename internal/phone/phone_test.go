package phone_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"rekey/internal/phone"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		text, home, want, country string
		kind                      phone.Kind
		textable                  bool
	}{
		{"+49 171 1234567", "", "+491711234567", "DE", phone.Mobile, true},
		{"0171/123 45-67", "DE", "+491711234567", "DE", phone.Mobile, true},
		{"(0171) 1234567", "DE", "+491711234567", "DE", phone.Mobile, true},
		{"0049 171 1234567", "DE", "+491711234567", "DE", phone.Mobile, true},
		{"tel:+49-171-1234567", "", "+491711234567", "DE", phone.Mobile, true},
		{"+٤٩١٧١١٢٣٤٥٦٧", "", "+491711234567", "DE", phone.Mobile, true},
		{"+۴۹१७１1234567", "", "+491711234567", "DE", phone.Mobile, true},
		{"+49 (0)171 1234567", "", "+491711234567", "DE", phone.Mobile, true},
		{"+39 06 6982", "", "+39066982", "VA", phone.Fixed, false},
		{"+49 30 901820", "", "+4930901820", "DE", phone.Fixed, false},
		{"+49 900 1234567", "", "+499001234567", "DE", phone.Premium, false},
		{"+49 800 1234567", "", "+498001234567", "DE", phone.Other, false},
		{"+1 202 555 0123", "", "+12025550123", "US", phone.FixedOrMobile, true},
		{"+1 876 555 1234", "", "+18765551234", "JM", phone.Mobile, true},
		{"+7 701 123 45 67", "", "+77011234567", "KZ", phone.Mobile, true},
		{"+44 7781 123456", "", "+447781123456", "GG", phone.Mobile, true},
		{"+800 1234 5678", "", "+80012345678", "001", phone.Other, false},
	} {
		got, err := phone.Parse(c.text, c.home)
		if err != nil || got != (phone.Number{E164: c.want, Country: c.country, Kind: c.kind}) || got.Textable() != c.textable {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
	}
}

// TestWhatIsNoNumberIsRefused: nothing is guessed that somebody would pay for.
func TestWhatIsNoNumberIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "erika@home.example", "0171 1234567", "+49", "+49 171 12", "112", "+49 171 1234567 ext. 5", "+49 171 1234567;ext=5", "+1-800-FLOWERS",
		"+49 171 1234567, +49 171 1234568", "+49 171 1234567\n+49 171 1234568", "+49 171 1234567#", "*31#+491711234567",
		"+999 12345678", "+883 5100 1234567", strings.Repeat("+49 171 1234567", 1000), "+49 171 12345\x0067", "++491711234567", "+𝟒𝟗1711234567", "491711234567", "+49 171 1234567 01234",
	} {
		if got, err := phone.Parse(text, ""); !errors.Is(err, phone.ErrNotANumber) {
			t.Errorf("%.40q is taken for %+v", text, got)
		}
	}
}

func TestLogsShowNoNumber(t *testing.T) {
	n, err := phone.Parse("+49 171 1234567", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Masked(); got != "+**********67 (DE)" {
		t.Errorf("masked as %q", got)
	}
	if n.Range() != "+49171123" {
		t.Errorf("range %q", n.Range())
	}
}

func TestKnownCountries(t *testing.T) {
	for code, want := range map[string]bool{"DE": true, "US": true, "SA": true, "de": false, "XX": false, "": false, "001": false} {
		if phone.Known(code) != want {
			t.Errorf("%q: %v", code, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+491711234567", "0171 1234567", "+1 (202) 555-0123", "٠١٧١", "+", "tel:+", "00", "+883 5100 1234567"} {
		f.Add(seed, "DE")
	}
	f.Add("2025550123", "US")
	whole := regexp.MustCompile(`^\+[1-9][0-9]{4,16}$`)
	f.Fuzz(func(t *testing.T, text, home string) {
		n, err := phone.Parse(text, home)
		if err != nil {
			if !errors.Is(err, phone.ErrNotANumber) || n != (phone.Number{}) {
				t.Errorf("%q: %+v, %v", text, n, err)
			}
			return
		}
		if !whole.MatchString(n.E164) || n.Country == "" || !strings.HasPrefix(n.E164, n.Range()) || strings.Contains(n.Masked(), n.E164[1:]) {
			t.Errorf("%q: %+v", text, n)
		}
		if again, err := phone.Parse(n.E164, ""); err != nil || again != n {
			t.Errorf("%q: %+v reads as %+v, %v", text, n, again, err)
		}
	})
}
