package delivery

import (
	"fmt"
	"html/template"
	"strings"
)

// layout is the HTML of every mail: paragraphs in the reader's own colours, light or dark, nothing loaded, no style attribute.
const layout = `<!DOCTYPE html>
<html lang="{{.Lang}}" dir="{{.Dir}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{{.Subject}}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 16px }
.letter { max-width: 34em; overflow-wrap: anywhere }
.code { font: bold 28px/1.5 ui-monospace, monospace; letter-spacing: 2px }
</style>
</head>
<body>
{{template "letter" .}}
</body>
</html>
{{define "letter"}}<div class="letter" lang="{{.Lang}}" dir="{{.Dir}}">
{{with .Body}}{{.}}{{end}}{{range .Parts -}}
{{with .Text}}<p>{{.}}</p>
{{end}}{{with .Code}}<p class="code"><strong><bdi dir="ltr">{{.}}</bdi></strong></p>
{{end}}{{with .Lines}}<p>{{range $i, $line := .}}{{if $i}}<br>{{end}}{{$line}}{{end}}</p>
{{end}}{{with .Link}}<p><a href="{{.}}" dir="ltr">{{.}}</a></p>
{{end}}{{end -}}
</div>{{end}}`

func newPage() *template.Template { return template.Must(template.New("mail").Parse(layout)) }

func (l letter) html(page *template.Template) (string, error) {
	var b strings.Builder
	if err := page.Execute(&b, l); err != nil {
		return "", fmt.Errorf("write mail: %w", err)
	}
	return b.String(), nil
}

// body is what stands in the page, for a preview inside of another one.
func (l letter) body(page *template.Template) string {
	var b strings.Builder
	if err := page.ExecuteTemplate(&b, "letter", l); err != nil {
		return "" // the page was written with it a moment ago
	}
	return b.String()
}

// text writes the same paragraphs without markup.
func (l letter) text() string {
	var blocks []string
	for _, p := range l.Parts {
		for _, block := range []string{p.Text, p.Code, strings.Join(p.Lines, "\n"), p.Link} {
			if block != "" {
				blocks = append(blocks, block)
			}
		}
	}
	return strings.Join(blocks, "\n\n") + "\n"
}
