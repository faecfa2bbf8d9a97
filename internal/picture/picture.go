// Package picture checks and cleans the small pictures that a firm gives its pages: a logo, an icon. A picture is SVG or PNG, and stands
// in the settings as a data: URL.
//
// Invariants: an SVG is written anew from elements and attributes that are known to draw and nothing else. No script, no style sheet, no
// link, no event, no reference out of itself, no entity and no processing instruction is left. A PNG is decoded whole and written anew:
// what else was in the file is gone.
package picture

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"strings"
)

// Picture is a checked picture.
type Picture struct {
	Kind string // media type: image/svg+xml or image/png
	Data []byte
}

// The media types.
const (
	SVG = "image/svg+xml"
	PNG = "image/png"
)

const (
	// MaxBytes bounds a picture: every page shows it.
	MaxBytes = 48 << 10
	// maxSide bounds a PNG's sides in pixels.
	maxSide = 1024
)

// sentence is an error for whoever chose a file.
type sentence string

// Error implements error.
func (s sentence) Error() string { return string(s) }

// IsZero reports whether there is no picture.
func (p Picture) IsZero() bool { return len(p.Data) == 0 }

// URL writes the picture as a data: URL.
func (p Picture) URL() string {
	if p.IsZero() {
		return ""
	}
	return "data:" + p.Kind + ";base64," + base64.StdEncoding.EncodeToString(p.Data)
}

// Clean makes a picture of a file that somebody chose. dropped names what was taken out of it, each once. Errors are sentences for whoever
// chose it.
func Clean(file []byte) (p Picture, dropped []string, err error) {
	switch {
	case len(file) == 0:
		return Picture{}, nil, sentence("The file is empty.")
	case len(file) > MaxBytes:
		return Picture{}, nil, sentence(fmt.Sprintf("The file has %d KB; at most %d KB are taken.", len(file)>>10, MaxBytes>>10))
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		p, err = cleanPNG(file)
		return p, nil, err
	}
	data, dropped, err := cleanSVG(file)
	if err != nil {
		return Picture{}, nil, err
	}
	return Picture{Kind: SVG, Data: data}, dropped, nil
}

func cleanPNG(file []byte) (Picture, error) {
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return Picture{}, sentence("The file is a PNG that cannot be read.")
	}
	if size.Width > maxSide || size.Height > maxSide { // before it is decoded: a small file may unfold to gigabytes
		return Picture{}, sentence(fmt.Sprintf("The picture is %d × %d pixels; at most %d × %d are taken.", size.Width, size.Height, maxSide, maxSide))
	}
	drawn, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return Picture{}, sentence("The file is a PNG that cannot be read.")
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, drawn); err != nil {
		return Picture{}, err
	}
	if out.Len() > MaxBytes {
		return Picture{}, sentence(fmt.Sprintf("The picture needs %d KB; at most %d KB are taken.", out.Len()>>10, MaxBytes>>10))
	}
	return Picture{Kind: PNG, Data: out.Bytes()}, nil
}

// Parse reads a data: URL of the settings. What is in it must be clean: it is checked, not changed.
func Parse(url string) (Picture, error) {
	if url == "" {
		return Picture{}, nil
	}
	kind, text, ok := strings.Cut(strings.TrimPrefix(url, "data:"), ";base64,")
	if !ok || !strings.HasPrefix(url, "data:") || kind != SVG && kind != PNG {
		return Picture{}, errors.New("want data:image/svg+xml;base64,… or data:image/png;base64,…")
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return Picture{}, errors.New("is no base64")
	}
	p, dropped, err := Clean(data)
	switch {
	case err != nil:
		return Picture{}, errors.New(strings.ToLower(err.Error()[:1]) + strings.TrimSuffix(err.Error()[1:], "."))
	case p.Kind != kind:
		return Picture{}, fmt.Errorf("says %s and is %s", kind, p.Kind)
	case len(dropped) > 0:
		return Picture{}, fmt.Errorf("holds %s: have the page Branding clean it", strings.Join(dropped, ", "))
	}
	return p, nil
}
