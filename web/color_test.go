package web

import (
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#ffffff", "#ffffff", 1},
		{"#777777", "#ffffff", 4.48},
		{"#1f5eff", "#ffffff", 5.16},
	} {
		a, errA := parseColor(c.a)
		b, errB := parseColor(c.b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := contrast(a, b); math.Abs(got-c.want) > 0.05 {
			t.Errorf("contrast of %s and %s is %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

// TestEveryBrandCanBeRead tries brands of all hues: what follows from them is readable on every ground of the sheet.
func TestEveryBrandCanBeRead(t *testing.T) {
	light := []rgb{color(0xffffff), color(0xf4f6f9), color(0xeef1f6)}
	dark := []rgb{color(0x171c23), color(0x0e1217), color(0x1f262f)}
	for _, brand := range []string{"", "#000000", "#b3261e", "#8a1c5b", "#0b6b3a", "#7a4b00", "#4b2fbf", "#006a6a", "#1f5eff", "#5c5c5c", "#0000ff"} {
		p, err := newPalette(brand, "")
		if err != nil {
			t.Errorf("%s: %v", brand, err)
			continue
		}
		for _, ground := range append(light, p.soft) {
			if got := contrast(p.accent, ground); got < readable {
				t.Errorf("%s: the accent has a contrast of %.2f on %s", brand, got, ground.hex())
			}
		}
		for _, ground := range append(dark, p.softD) {
			if got := contrast(p.accentD, ground); got < readable {
				t.Errorf("%s: the dark accent has a contrast of %.2f on %s", brand, got, ground.hex())
			}
		}
		if a, b := contrast(p.brand, p.onAcc), contrast(p.accentD, p.onAcD); a < readable || b < readable {
			t.Errorf("%s: buttons have contrasts of %.2f and %.2f", brand, a, b)
		}
		for ink, ground := range map[uint32]rgb{0x14181f: p.soft, 0x4d5766: p.soft, 0xe9edf3: p.softD, 0xa7b1c0: p.softD} {
			if got := contrast(color(ink), ground); got < readable {
				t.Errorf("%s: text %06x on the soft accent has a contrast of %.2f", brand, ink, got)
			}
		}
	}
}

func TestBrandsThatCannotBeReadAreRefused(t *testing.T) {
	for _, brand := range []string{"#ffcc00", "#ffffff", "#8899ff", "blue", "#12345", "#1234567", "1f5eff", "#gggggg", "#1f5eff;}"} {
		if _, err := NewAssets(brand); err == nil {
			t.Errorf("%q is taken", brand)
		}
	}
}

// TestTextsOfTheSheetCanBeRead measures the tokens of the sheet against each other, in both modes.
func TestTextsOfTheSheetCanBeRead(t *testing.T) {
	raw, err := static.ReadFile("static/rekey.css")
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string][2]rgb{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)`).FindAllStringSubmatch(string(raw), -1) {
		var pair [2]rgb
		for i, hex := range m[2:4] {
			if len(hex) == 4 {
				hex = "#" + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2) + strings.Repeat(hex[3:4], 2)
			}
			if pair[i], err = parseColor(hex); err != nil {
				t.Fatal(err)
			}
		}
		tokens[m[1]] = pair
	}
	for _, c := range []struct {
		ink, ground string
		least       float64
	}{
		{"ink", "page", 7},
		{"ink", "card", 7},
		{"ink", "well", 7},
		{"ink-2", "page", readable},
		{"ink-2", "card", readable},
		{"ink-2", "well", readable},
		{"good", "good-soft", readable},
		{"good", "card", readable},
		{"good", "well", readable},
		{"bad", "bad-soft", readable},
		{"bad", "card", readable},
		{"bad", "well", readable},
		{"on-bad", "bad", readable},
		{"warn", "warn-soft", 3},
		{"ink", "warn-soft", 7},
		{"ink", "good-soft", 7},
		{"ink", "bad-soft", 7},
		{"line-strong", "card", 3},
		{"line-strong", "well", 3}, // borders of controls (WCAG 1.4.11)
	} {
		for i, mode := range []string{"light", "dark"} {
			if got := contrast(tokens[c.ink][i], tokens[c.ground][i]); got < c.least {
				t.Errorf("%s on %s in the %s: %.2f, want %.1f", c.ink, c.ground, mode, got, c.least)
			}
		}
	}
}
