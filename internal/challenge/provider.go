package challenge

import "errors"

// ErrRefused is what a provider says of a token that is no good: forged, too old, used before, or made for another page.
var ErrRefused = errors.New("the provider does not accept it")

// Vendor is what has to be known of a provider: its widget, and where its tokens are checked.
type Vendor struct {
	Name   string // as people know it
	Field  string // of the form, that the widget fills in
	Class  string // of the element that the widget's script looks for
	Script string
	// LanguageParameter of the script's URL; empty: the element says it with data-language.
	LanguageParameter string
	VerifyURL         string
	// What the page's Content-Security-Policy has to allow for it, and nothing on any other page.
	Scripts, Frames, Styles, Connects string
	TellsAction                       bool // an answer says what the widget was shown for
	TakesSiteKey                      bool // a question may say whose widget it was
}

// Vendor gives the facts of a provider; ok is false for Work. The hosts are those that the providers name for a policy
// (developers.cloudflare.com/turnstile, docs.hcaptcha.com, developers.google.com/recaptcha).
func (p Provider) Vendor() (v Vendor, ok bool) {
	switch p {
	case Turnstile:
		const host = "https://challenges.cloudflare.com"
		return Vendor{
			Name: "Cloudflare Turnstile", Field: "cf-turnstile-response", Class: "cf-turnstile", Script: host + "/turnstile/v0/api.js",
			VerifyURL: host + "/turnstile/v0/siteverify", Scripts: host, Frames: host, TellsAction: true,
		}, true
	case HCaptcha:
		const hosts = "https://hcaptcha.com https://*.hcaptcha.com"
		return Vendor{
			Name: "hCaptcha", Field: "h-captcha-response", Class: "h-captcha", Script: "https://js.hcaptcha.com/1/api.js", LanguageParameter: "hl",
			VerifyURL: "https://api.hcaptcha.com/siteverify", Scripts: hosts, Frames: hosts, Styles: hosts, Connects: hosts,
			TakesSiteKey: true,
		}, true
	case ReCAPTCHA:
		const google = "https://www.google.com/recaptcha/"
		return Vendor{
			Name: "Google reCAPTCHA", Field: "g-recaptcha-response", Class: "g-recaptcha", Script: google + "api.js", LanguageParameter: "hl",
			VerifyURL: google + "api/siteverify", Scripts: google + " https://www.gstatic.com/recaptcha/",
			Frames: google + " https://recaptcha.google.com/recaptcha/",
		}, true
	case Work:
	}
	return Vendor{}, false
}
