package browser

import (
	"errors"
	"fmt"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// answer is what find.js gives.
type answer struct {
	X, Y    float64
	Value   string
	Problem string
	Lasting bool
}

func (a answer) err() error {
	switch {
	case a.Problem == "":
		return nil
	case a.Lasting:
		return final{errors.New(a.Problem)}
	}
	return errors.New(a.Problem)
}

// ask waits until find.js finds what is asked for.
func (p *Page) ask(function, text string) answer {
	p.t.Helper()
	var got answer
	p.until(func() error {
		var err error
		if got, err = call[answer](p, function, text); err != nil {
			return err
		}
		return got.err()
	})
	return got
}

// Press presses the button or link with that text and waits for the page it leads to. The beginning of the text is enough when
// it is the only one; while a dialog is open, only what is in it can be pressed.
func (p *Page) Press(text string) {
	p.t.Helper()
	p.loads(fmt.Sprintf("pressing %q", text), func() { p.Click(text) })
}

// Click presses the button or link with that text and stays on the page.
func (p *Page) Click(text string) {
	p.t.Helper()
	at := p.ask("button", text)
	p.do(fmt.Sprintf("press %q", text), chromedp.MouseClickXY(at.X, at.Y))
}

// Submit presses Enter in the field that has the focus and waits for the page that comes.
func (p *Page) Submit() {
	p.t.Helper()
	p.loads("pressing Enter", func() { p.Key("\r") })
}

// Pick chooses the radio button or check box with that label. The beginning of the label is enough.
func (p *Page) Pick(label string) {
	p.t.Helper()
	at := p.ask("option", label)
	p.do(fmt.Sprintf("pick %q", label), chromedp.MouseClickXY(at.X, at.Y))
}

// Fill puts a text into the field with that label, or that name, instead of what is there.
func (p *Page) Fill(field, text string) {
	p.t.Helper()
	p.ask("focus", field)
	p.do("clear "+field, chromedp.KeyEvent("\b"))
	p.Type(text)
}

// Type puts a text where the cursor is, at once, as a paste or an input method does.
func (p *Page) Type(text string) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.fail(fmt.Errorf("type: %w", err))
	}
}

// Key presses keys one by one; package kb of chromedp names those without a character (kb.Tab, kb.Escape).
func (p *Page) Key(keys string) {
	p.t.Helper()
	p.do("press keys", chromedp.KeyEvent(keys))
}

// Value is what stands in the field with that label, or that name.
func (p *Page) Value(field string) string {
	p.t.Helper()
	return p.ask("value", field).Value
}

// Focused gives the id of the element that has the focus, else its text; empty when it is the page itself.
func (p *Page) Focused() string {
	p.t.Helper()
	return Eval[string](p, `document.activeElement === document.body ? "" : document.activeElement.id || document.activeElement.innerText.trim()`)
}
