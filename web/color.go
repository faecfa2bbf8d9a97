package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// houseColor is the brand of a firm that set none.
const houseColor = "#1f5eff"

// readable is the least contrast of text with what is behind it (WCAG 1.4.3).
const readable = 4.5

// rgb is a colour in sRGB, each part from 0 to 1.
type rgb [3]float64

// parseColor reads #rrggbb.
func parseColor(s string) (rgb, error) {
	digits, ok := strings.CutPrefix(s, "#")
	n, err := strconv.ParseUint(digits, 16, 32)
	if !ok || len(digits) != 6 || err != nil {
		return rgb{}, fmt.Errorf("colour %q is not of the form #rrggbb", s)
	}
	return color(uint32(n)), nil
}

// color gives the colour of 0xrrggbb.
func color(n uint32) rgb {
	return rgb{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

func (c rgb) hex() string {
	return fmt.Sprintf("#%02x%02x%02x", round(c[0]), round(c[1]), round(c[2]))
}

func round(v float64) int { return int(math.Round(min(max(v, 0), 1) * 255)) }

func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func gamma(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

func (c rgb) luminance() float64 {
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the ratio of WCAG, from 1 to 21.
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// mix goes from c towards d by t, in linear light, which keeps hues steady enough for tints.
func (c rgb) mix(d rgb, t float64) rgb {
	var out rgb
	for i := range c {
		out[i] = gamma(linear(c[i])*(1-t) + linear(d[i])*t)
	}
	return out
}

// reach moves c towards d in small steps until it can be read on every ground.
func (c rgb) reach(d rgb, grounds ...rgb) rgb {
	for t := 0.0; t <= 1; t += 0.02 {
		if out := c.mix(d, t); readableOn(out, grounds) {
			return out
		}
	}
	return d
}

func readableOn(c rgb, grounds []rgb) bool {
	for _, g := range grounds {
		if contrast(c, g) < readable {
			return false
		}
	}
	return true
}

// palette is everything in the sheet that follows from the brand.
type palette struct {
	brand                 rgb
	accent, soft, onAcc   rgb // in light
	accentD, softD, onAcD rgb // in dark
}

// newPalette derives the palette. It refuses a brand on which white text cannot be read, and a colour for dark pages that cannot be read
// on them; an empty dark is made of the brand.
func newPalette(brand, dark string) (palette, error) {
	if brand == "" {
		brand = houseColor
	}
	c, err := parseColor(brand)
	if err != nil {
		return palette{}, err
	}
	white, black := color(0xffffff), color(0x000000)
	if got := contrast(c, white); got < readable {
		return palette{}, fmt.Errorf("colour %s: white text on it has a contrast of %.2f:1, and 4.5:1 is needed: the nearest that does is %s", brand, got, c.nearest(black, on(white)))
	}
	p := palette{brand: c, onAcc: white, onAcD: color(0x0b1020)}
	p.soft = c.mix(white, 0.9)
	p.softD = softOnDark(c)
	p.accent = c.reach(black, color(0xf4f6f9), color(0xeef1f6), p.soft)
	p.accentD = c.mix(white, 0.3).reach(white, darkGrounds(c)...)
	if dark == "" {
		return p, nil
	}
	d, err := parseColor(dark)
	if err != nil {
		return palette{}, err
	}
	if grounds := darkGrounds(d); !readableOn(d, grounds) {
		return palette{}, fmt.Errorf("colour %s: on a dark page it has a contrast of %.2f:1, and 4.5:1 is needed: the nearest that does is %s", dark, d.least(grounds), d.nearest(white, darkGrounds))
	}
	p.accentD, p.softD = d, softOnDark(d)
	return p, nil
}

// least is the smallest contrast with any of the grounds.
func (c rgb) least(grounds []rgb) float64 {
	least := contrast(c, grounds[0])
	for _, g := range grounds[1:] {
		least = min(least, contrast(c, g))
	}
	return least
}

// nearest is the first colour on the way to another that can be read on its grounds, as it is written.
func (c rgb) nearest(d rgb, grounds func(rgb) []rgb) string {
	for t := 0.0; t <= 1; t += 0.005 {
		written := c.mix(d, t).hex()
		if out, err := parseColor(written); err == nil && readableOn(out, grounds(out)) {
			return written
		}
	}
	return d.hex()
}

// on are grounds that no colour changes.
func on(grounds ...rgb) func(rgb) []rgb { return func(rgb) []rgb { return grounds } }

// darkGrounds are what an accent stands on in the dark: page, well, its own soft ground, and the text of a button in it.
func darkGrounds(accent rgb) []rgb {
	return []rgb{color(0x0e1217), color(0x1f262f), softOnDark(accent), color(0x0b1020)}
}

func softOnDark(accent rgb) rgb { return color(0x171c23).mix(accent, 0.12) }

// Contrast says how well a brand can be read, for the page that asks for one.
type Contrast struct {
	Light, Dark         float64 // of 1 to 21
	LightNext, DarkNext string  // the nearest colours that can be read; empty: these can
}

// Measure computes the contrast of brand colours, #rrggbb; an empty dark is made of the brand. Errors: a colour that is none.
func Measure(brand, dark string) (Contrast, error) {
	if brand == "" {
		brand = houseColor
	}
	c, err := parseColor(brand)
	if err != nil {
		return Contrast{}, err
	}
	white, black := color(0xffffff), color(0x000000)
	out := Contrast{Light: contrast(c, white)}
	if out.Light < readable {
		out.LightNext = c.nearest(black, on(white))
	}
	grounds := darkGrounds(c)
	d := c.mix(white, 0.3).reach(white, grounds...)
	if dark != "" {
		if d, err = parseColor(dark); err != nil {
			return Contrast{}, err
		}
		grounds = darkGrounds(d)
	}
	out.Dark = d.least(grounds)
	if out.Dark < readable {
		out.DarkNext = d.nearest(white, darkGrounds)
	}
	return out, nil
}

// css writes the colours as tokens of the sheet.
func (p palette) css() string {
	pair := func(light, dark rgb) string { return "light-dark(" + light.hex() + "," + dark.hex() + ")" }
	return "@layer tokens{:root{--brand:" + p.brand.hex() +
		";--button:" + pair(p.brand, p.accentD) + ";--on-button:" + pair(p.onAcc, p.onAcD) +
		";--accent:" + pair(p.accent, p.accentD) + ";--accent-soft:" + pair(p.soft, p.softD) + "}}"
}
