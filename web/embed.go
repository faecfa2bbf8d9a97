// Package web serves the files of the pages. The pages themselves are in the folders below, one per family.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"

	"rekey/web/layout"
)

//go:embed static
var static embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// Assets are the sheet, the script and the icon in a firm's colour, ready in memory, plain and compressed. They are immutable
// and safe for concurrent use; a new colour needs new Assets.
type Assets struct {
	files map[string]*file // by plain name: "rekey.css"
	links layout.Links
}

// file is one served file.
type file struct {
	name, kind, tag string
	plain, packed   []byte
	picture         bool // of a firm
}

// kinds are the media types of what is served.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

// Look is what a firm makes its own of the files.
type Look struct {
	Color, Dark string // #rrggbb; empty: the house colour, and for dark pages one made of Color
	Logo, Icon  Picture
}

// Picture is a picture that was checked: it is served as it is.
type Picture struct {
	Kind string // image/svg+xml or image/png
	Data []byte
}

// name is the picture's file.
func (p Picture) name(stem string) string {
	if p.Kind == "image/png" {
		return stem + ".png"
	}
	return stem + ".svg"
}

// NewAssets builds the files for a brand colour; see Look.
func NewAssets(brandColor string) (*Assets, error) { return Look{Color: brandColor}.Assets() }

// Assets builds the files. It refuses colours that texts cannot be read in (contrast below 4.5:1, WCAG 1.4.3).
func (l Look) Assets() (*Assets, error) {
	palette, err := newPalette(l.Color, l.Dark)
	if err != nil {
		return nil, err
	}
	a := &Assets{files: map[string]*file{}}
	for name, change := range map[string]func([]byte) []byte{
		"rekey.css":   func(b []byte) []byte { return append(squeeze(b), palette.css()...) },
		"console.css": squeeze,
		"rekey.js":    squeezeScript,
		"check.js":    squeezeScript,
		"console.js":  squeezeScript,
		"htmx.js":     asPublished,
		"favicon.svg": func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("#1f5eff"), []byte(palette.brand.hex())) },
	} {
		raw, err := static.ReadFile("static/" + name)
		if err != nil {
			return nil, err
		}
		if a.files[name], err = newFile(name, change(raw)); err != nil {
			return nil, err
		}
	}
	a.links = layout.Links{
		Sheet: a.url("rekey.css"), Script: a.url("rekey.js"), Check: a.url("check.js"), Icon: a.url("favicon.svg"),
		ConsoleSheet: a.url("console.css"), ConsoleScript: a.url("console.js"), Htmx: a.url("htmx.js"),
	}
	return a, a.hang(l)
}

// hang adds the firm's pictures.
func (a *Assets) hang(l Look) error {
	for stem, p := range map[string]Picture{"logo": l.Logo, "favicon": l.Icon} {
		if len(p.Data) == 0 {
			continue
		}
		name := p.name(stem)
		f, err := newFile(name, p.Data)
		if err != nil {
			return err
		}
		f.picture = true
		a.files[name] = f
		if stem == "logo" {
			a.links.Logo = a.url(name)
		} else {
			a.links.Icon = a.url(name)
		}
	}
	return nil
}

// picturePolicy lets a picture that is opened by itself draw and do nothing else.
const picturePolicy = "default-src 'none'; sandbox"

func newFile(name string, content []byte) (*file, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return &file{name: name, kind: kinds[path.Ext(name)], tag: hex.EncodeToString(sum[:5]), plain: content, packed: packed.Bytes()}, nil
}

// url puts the fingerprint before the extension: /static/rekey.1a2b3c4d5e.css.
func (a *Assets) url(name string) string {
	f := a.files[name]
	ext := path.Ext(name)
	return Prefix + strings.TrimSuffix(name, ext) + "." + f.tag + ext
}

// Links gives the URLs for a page's Shell.
func (a *Assets) Links() layout.Links { return a.links }

// Sheet gives the sheet of the wizard's pages, for a preview that adds to it.
func (a *Assets) Sheet() []byte { return bytes.Clone(a.files["rekey.css"].plain) }

// ServeHTTP serves a file by its fingerprinted name. A fingerprint of another version (a page made before an update, or by
// another replica) gets the present file, not to be kept.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, tag := unprint(strings.TrimPrefix(r.URL.Path, Prefix))
	f, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	f.serve(w, r, tag == f.tag)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request, exact bool) {
	body, etag := f.plain, `"`+f.tag+`"`
	h := w.Header()
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body, etag = f.packed, `"`+f.tag+`-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	if f.picture {
		h.Set("Content-Security-Policy", picturePolicy)
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", etag)
	h.Set("Cache-Control", "no-cache")
	if exact {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == etag {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the visitor may have gone
	}
}

// unprint takes the fingerprint out of a name.
func unprint(name string) (plain, tag string) {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	tag = strings.TrimPrefix(path.Ext(stem), ".")
	return strings.TrimSuffix(stem, "."+tag) + ext, tag
}
