package browsertest

import (
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
)

// What the folder of pictures may hold: it lies in the repository.
const (
	mostPictures = 25
	mostBytes    = 150 << 10
)

var (
	onPhone = browser.Options{Phone: true}
	onDesk  = browser.Options{}
	inDark  = browser.Options{Phone: true, Dark: true}
)

// album is the folder of pictures.
type album struct {
	t   *testing.T
	dir string
}

// TestScreenshots walks the main ways on a phone and takes a picture of every page, and of some with other eyes.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	a := album{t, *screenshots}
	if a.dir == "" {
		a.dir = t.TempDir()
	}
	a.reset(newPerson(t, "erika", people.Corp))
	a.setUp(newPerson(t, "ada", people.Corp))
	a.rightToLeft(newPerson(t, "twin1", people.Corp))
	a.sideBySide("phone", "reset-1-start.phone", "reset-6-password.phone")
	a.check()
}

func (a album) file(name string) string { return filepath.Join(a.dir, name+".png") }

func (a album) take(b *tab, name string) {
	a.t.Helper()
	b.Screenshot(a.file(name))
}

// crop keeps the upper part of a picture.
func (a album) crop(name string, height int) {
	a.t.Helper()
	whole := a.open(name)
	part := image.NewNRGBA(image.Rect(0, 0, whole.Bounds().Dx(), min(height, whole.Bounds().Dy())))
	draw.Draw(part, part.Bounds(), whole, image.Point{}, draw.Src)
	a.save(name, part)
}

func (a album) save(name string, picture image.Image) {
	a.t.Helper()
	out, err := os.Create(a.file(name))
	if err != nil {
		a.t.Fatal(err)
	}
	defer out.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, picture); err != nil {
		a.t.Fatal(err)
	}
}

// also takes the picture of the same page with other eyes.
func (a album) also(b *tab, o browser.Options, name string) {
	a.t.Helper()
	other := b.beside(o)
	other.Open(b.URL())
	a.take(other, name)
}

func (a album) reset(p *person) {
	a.t.Helper()
	b := newTab(a.t, onPhone)
	b.Open(p.lab.Portal.URL())
	a.take(b, "reset-1-start.phone")
	a.also(b, onDesk, "reset-1-start.desktop")
	b.Fill("User name", p.SAM)
	b.Press("Continue")
	a.take(b, "reset-2-choose.phone")
	a.also(b, inDark, "reset-2-choose.dark")
	b.Pick(app)
	b.Press("Continue")
	a.take(b, "reset-3-code.phone")
	b.Fill("code", "000000")
	b.Press("Continue")
	a.take(b, "reset-3-wrong.phone")
	p.answer(b, app)
	a.take(b, "reset-4-next.phone")
	b.Pick(mail)
	b.Press("Continue")
	a.take(b, "reset-5-mail.phone")
	p.answer(b, mail)
	a.password(b, "reset-6-password.phone")
	for o, name := range map[*browser.Options]string{&onDesk: "reset-6-password.desktop", &inDark: "reset-6-password.dark"} {
		other := b.beside(*o)
		other.Open(b.URL())
		a.password(other, name)
	}
	b.Press("Save new password")
	seeDone(b)
	a.take(b, "reset-7-done.phone")
	a.also(b, inDark, "reset-7-done.dark")
}

// password types a password and sees the rules ticked.
func (a album) password(b *tab, name string) {
	a.t.Helper()
	b.Fill("password", "Kettle autumn 12")
	b.Wait("the ticks", `document.querySelector('[data-rule="min-length"]').dataset.state === "met"`)
	a.take(b, name)
}

func (a album) setUp(p *person) {
	a.t.Helper()
	b := newTab(a.t, onPhone)
	b.AddPasskeys()
	p.begin(b, toReset)
	a.take(b, "setup-1-stopped.phone")
	b.Press("Sign in and set up")
	a.take(b, "setup-2-sign-in.phone")
	p.signIn(b)
	a.take(b, "setup-3-choose.phone")
	b.Pick(passkey)
	b.Press("Continue")
	b.Fill("Name", "My phone")
	a.take(b, "setup-4-passkey.phone")
	b.Press("Create passkey")
	b.Pick(app)
	b.Press("Continue")
	a.take(b, "setup-5-app.phone")
	b.Click("I can’t scan it")
	b.Fill("code", code(a.t, browser.Eval[string](b.Page, `document.getElementById("seed-key").textContent`)))
	b.Press("Continue")
	a.take(b, "setup-6-account.phone")
	a.also(b, onDesk, "setup-6-account.desktop")
	a.crop("setup-6-account.phone", 1200)
	a.crop("setup-6-account.desktop", 1000)
}

func (a album) rightToLeft(p *person) {
	a.t.Helper()
	say := words(a.t, "ar")
	b := newTab(a.t, browser.Options{Phone: true, Language: "ar"})
	b.Open(p.lab.Portal.URL())
	a.take(b, "reset-1-start.rtl")
	b.Fill("name", p.UPN)
	b.Press(say("action.continue"))
	a.take(b, "reset-2-choose.rtl")
	prove := func(kind string, answer func() string) {
		b.Pick(say("kind." + kind + ".name"))
		b.Press(say("action.continue"))
		b.Fill("code", answer())
		b.Press(say("action.continue"))
	}
	prove("mail", p.mailCode)
	prove("totp", func() string { return code(a.t, p.Methods.TOTP.Secret) })
	a.password(b, "reset-6-password.rtl")
}

// sideBySide puts two pictures into one, as high as a phone.
func (a album) sideBySide(name string, parts ...string) {
	a.t.Helper()
	const height, gap = 844, 24
	whole := image.NewNRGBA(image.Rect(0, 0, len(parts)*390+(len(parts)-1)*gap, height))
	for i, part := range parts {
		picture := a.open(part)
		at := image.Rect(i*(390+gap), 0, i*(390+gap)+picture.Bounds().Dx(), height)
		draw.Draw(whole, at, picture, image.Point{}, draw.Src)
	}
	a.save(name, whole)
}

func (a album) open(name string) image.Image {
	a.t.Helper()
	in, err := os.Open(a.file(name))
	if err != nil {
		a.t.Fatal(err)
	}
	defer in.Close()
	picture, err := png.Decode(in)
	if err != nil {
		a.t.Fatal(err)
	}
	return picture
}

// check keeps the folder small.
func (a album) check() {
	a.t.Helper()
	files, err := os.ReadDir(a.dir)
	if err != nil {
		a.t.Fatal(err)
	}
	if len(files) > mostPictures {
		a.t.Errorf("there are %d pictures, more than %d", len(files), mostPictures)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Size() > mostBytes {
			a.t.Errorf("%s is too large, or gone: %v", f.Name(), err)
		}
	}
}
