package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// What an SVG may be drawn with. Text is left out: it would need a font that is on every machine.
var ( //nolint:gochecknoglobals // constants
	svgElements = []string{
		"svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "defs", "linearGradient", "radialGradient", "stop",
		"clipPath", "mask", "title", "desc", "use", "symbol",
	}
	svgAttributes = []string{
		"viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "d", "points", "transform", "id",
		"fill", "fill-rule", "fill-opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
		"stroke-dasharray", "stroke-dashoffset", "stroke-opacity", "opacity", "color", "clip-path", "clip-rule", "clipPathUnits", "mask",
		"maskUnits", "maskContentUnits", "gradientUnits", "gradientTransform", "spreadMethod", "offset", "stop-color", "stop-opacity",
		"preserveAspectRatio", "href", "role", "display", "visibility", "vector-effect",
	}
	// within is a reference to another part of the picture.
	within = regexp.MustCompile(`^\s*(?:#[\w.-]+|url\(\s*["']?#[\w.-]+["']?\s*\)[^:()]*)\s*$`)
	// calls is what may run, load or lead elsewhere.
	calls = regexp.MustCompile(`(?i)url\s*\(|[a-z]+:|//|\\|expression|@import|&`)
)

const (
	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
	mostDepth  = 50
	mostUses   = 50 // a few that nest draw billions
)

const errSVG = sentence("The file is neither a PNG nor an SVG that can be read.")

// cleanSVG writes a picture anew, and names what it left out.
func cleanSVG(file []byte) (clean []byte, dropped []string, err error) {
	w := svgWriter{}
	in := xml.NewDecoder(bytes.NewReader(file))
	in.Strict = true
	in.Entity = map[string]string{}
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, errSVG
		}
		if err := w.token(token); err != nil {
			return nil, nil, err
		}
	}
	if !w.begun || w.depth != 0 {
		return nil, nil, errSVG
	}
	return w.out.Bytes(), w.dropped, nil
}

type svgWriter struct {
	out     bytes.Buffer
	begun   bool
	depth   int
	skip    int // depth within an element that is left out
	uses    int
	words   bool // within title or desc
	dropped []string
}

func (w *svgWriter) drop(what string) {
	if !slices.Contains(w.dropped, what) {
		w.dropped = append(w.dropped, what)
	}
}

func (w *svgWriter) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return w.start(t)
	case xml.EndElement:
		w.end(t)
	case xml.CharData:
		if w.skip == 0 && w.words {
			return xml.EscapeText(&w.out, t)
		}
	case xml.Directive:
		return sentence("The SVG declares a document type. Save it without one: entities are not taken.")
	case xml.ProcInst, xml.Comment: // XML's own declaration, and notes
	}
	return nil
}

func (w *svgWriter) start(t xml.StartElement) error {
	name := t.Name.Local
	if !w.begun && name != "svg" {
		return errSVG
	}
	if w.begun && w.depth == 0 {
		return errSVG // a second root
	}
	if w.depth++; w.depth > mostDepth {
		return sentence("The SVG is nested too deeply.")
	}
	known := slices.Contains(svgElements, name) && (t.Name.Space == svgSpace || t.Name.Space == "")
	if name == "use" {
		if w.uses++; w.uses > mostUses {
			return sentence("The SVG repeats parts of itself too often.")
		}
	}
	if w.skip > 0 || !known {
		if w.skip == 0 {
			w.drop("<" + name + ">")
		}
		w.skip++
		return nil
	}
	w.words = name == "title" || name == "desc"
	w.out.WriteString("<" + name)
	if !w.begun {
		w.out.WriteString(` xmlns="` + svgSpace + `"`)
		w.begun = true
	}
	for _, a := range t.Attr {
		w.attribute(a)
	}
	w.out.WriteString(">")
	return nil
}

func (w *svgWriter) attribute(a xml.Attr) {
	name := a.Name.Local
	switch {
	case a.Name.Space == "xmlns" || name == "xmlns":
		return
	case a.Name.Space != "" && a.Name.Space != xlinkSpace, !slices.Contains(svgAttributes, name), a.Name.Space == xlinkSpace && name != "href":
		w.drop(name + "=")
		return
	case name == "href" && !within.MatchString(a.Value), name != "href" && calls.MatchString(a.Value) && !within.MatchString(a.Value):
		w.drop(name + "=" + strings.TrimSpace(a.Value[:min(len(a.Value), 20)]))
		return
	}
	w.out.WriteString(" " + name + `="`)
	_ = xml.EscapeText(&w.out, []byte(a.Value)) // a buffer takes everything
	w.out.WriteString(`"`)
}

func (w *svgWriter) end(t xml.EndElement) {
	w.depth--
	if w.skip > 0 {
		w.skip--
		return
	}
	w.words = false
	w.out.WriteString("</" + t.Name.Local + ">")
}
