package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed text/*.json
var texts embed.FS

// source is the language that is complete and that the others fall back to.
const source = "en"

// Language is one language the catalogue speaks.
type Language struct {
	Tag  string // BCP 47
	Name string // what its speakers call it
	Dir  string // "ltr" or "rtl"
}

// Catalogue holds the texts of all languages. What it says never changes after Load. It is safe for concurrent use.
type Catalogue struct {
	languages []Language // English first, then by tag
	matcher   language.Matcher
	printers  map[string]*Printer
	matched   matched
}

// matched remembers which language a header got, since browsers send few different ones and each with every request.
type matched struct {
	mu   sync.RWMutex
	tags map[string]string // "" for headers that name no language of ours
}

// maxMatched bounds what strangers can make it remember.
const maxMatched = 1000

// Load reads the texts built into the binary.
func Load() (*Catalogue, error) { return read(texts) }

func read(files fs.FS) (*Catalogue, error) {
	names, err := fs.Glob(files, "text/*.json")
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	byTag := map[string]map[string]text{}
	for _, name := range names {
		file, err := bundle.LoadMessageFileFS(files, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tag := file.Tag.String()
		if byTag[tag] == nil {
			byTag[tag] = map[string]text{}
		}
		for _, m := range file.Messages {
			if _, twice := byTag[tag][m.ID]; twice {
				return nil, fmt.Errorf("%s: %s is defined twice", name, m.ID)
			}
			byTag[tag][m.ID] = parse(m)
		}
	}
	return build(bundle, byTag)
}

func build(bundle *i18n.Bundle, byTag map[string]map[string]text) (*Catalogue, error) {
	english, ok := byTag[source]
	if !ok {
		return nil, fmt.Errorf("no texts in %s", source)
	}
	tags := make([]string, 0, len(byTag))
	for tag := range byTag {
		tags = append(tags, tag)
	}
	slices.SortFunc(tags, func(a, b string) int {
		if (a == source) != (b == source) {
			return map[bool]int{true: -1, false: 1}[a == source]
		}
		return strings.Compare(a, b)
	})
	c := &Catalogue{printers: make(map[string]*Printer, len(tags))}
	parsed := make([]language.Tag, len(tags))
	for i, tag := range tags {
		parsed[i] = language.Make(tag)
		p := &Printer{
			tag: tag, dir: direction(parsed[i]), texts: byTag[tag], fallback: english,
			plurals: i18n.NewLocalizer(bundle, tag),
		}
		c.printers[tag] = p
		c.languages = append(c.languages, Language{Tag: tag, Name: p.T("language.name"), Dir: p.dir})
	}
	c.matcher = language.NewMatcher(parsed)
	return c, nil
}

// direction tells how the language is written.
func direction(tag language.Tag) string {
	script, _ := tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg":
		return "rtl"
	}
	return "ltr"
}

// Tags lists the languages that are built in, English first, without reading their texts.
func Tags() []string {
	names, err := fs.Glob(texts, "text/pages.*.json")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	tags := []string{source}
	for _, name := range names {
		if tag := strings.TrimSuffix(strings.TrimPrefix(name, "text/pages."), ".json"); tag != source {
			tags = append(tags, tag)
		}
	}
	return tags
}

// Languages lists the languages, English first.
func (c *Catalogue) Languages() []Language { return slices.Clone(c.languages) }

// maxHeader bounds how much of an Accept-Language header is looked at.
const maxHeader = 200

// Match picks the language for the preferences, most important first. Each may be a tag ("de-AT"), an Accept-Language header,
// empty or nonsense. The first that names a language of the catalogue wins; otherwise it is English.
func (c *Catalogue) Match(prefs ...string) string {
	for _, pref := range prefs {
		if pref == "" {
			continue
		}
		if _, ok := c.printers[pref]; ok {
			return pref
		}
		if len(pref) > maxHeader {
			pref = pref[:max(strings.LastIndexByte(pref[:maxHeader], ','), 0)]
		}
		if tag := c.recall(pref); tag != "" {
			return tag
		}
	}
	return source
}

// recall matches a header, once.
func (c *Catalogue) recall(header string) string {
	m := &c.matched
	m.mu.RLock()
	tag, known := m.tags[header]
	m.mu.RUnlock()
	if known {
		return tag
	}
	tag = c.match(header)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tags == nil || len(m.tags) >= maxMatched {
		m.tags = map[string]string{}
	}
	m.tags[strings.Clone(header)] = tag // what comes in is part of a whole request
	return tag
}

// match gives the tag for a header; empty when it names no language of ours.
func (c *Catalogue) match(header string) string {
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return ""
	}
	if _, index, sure := c.matcher.Match(wanted...); sure != language.No {
		return c.languages[index].Tag
	}
	return ""
}

// Printer speaks the language of a tag that Match gave; for any other tag, the language Match would pick.
func (c *Catalogue) Printer(tag string) *Printer {
	if p, ok := c.printers[tag]; ok {
		return p
	}
	return c.printers[c.Match(tag)]
}
