package component

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"rekey/internal/locale"
)

// KindName is what people call a kind of method.
func KindName(t *locale.Printer, kind string) string { return known(t, "kind."+kind+".name", kind) }

// KindHint says in a sentence what a kind of method needs.
func KindHint(t *locale.Printer, kind string) string { return known(t, "kind."+kind+".hint", "") }

// NoticeText turns a notice code of a flow or session ("wrong-code", "rejected:too-short", "added:totp") into a sentence.
// A code without a text of its own gives the general one.
func NoticeText(t *locale.Printer, code string) string {
	if code == "" {
		return ""
	}
	head, tail, _ := strings.Cut(code, ":")
	if tail != "" && t.Has("notice."+head+"."+tail) {
		return t.T("notice." + head + "." + tail)
	}
	return known(t, "notice."+head, t.T("notice.general"), "What", KindName(t, tail))
}

// AnswerText is NoticeText about the answer to a kind of method, which may have words of its own.
func AnswerText(t *locale.Printer, code, kind string) string {
	if t.Has("notice." + code + "." + kind) {
		return t.T("notice." + code + "." + kind)
	}
	return NoticeText(t, code)
}

func known(t *locale.Printer, key, otherwise string, kv ...any) string {
	if t.Has(key) {
		return t.T(key, kv...)
	}
	return otherwise
}

// RuleText is a rule in words.
func RuleText(t *locale.Printer, r Rule) string {
	if r.Text != "" {
		return r.Text
	}
	key := "rule." + r.Code
	if sharper := key + "." + strconv.Itoa(r.Of); t.Has(sharper) {
		key = sharper
	}
	if !t.Has(key) {
		return t.T("rule.policy")
	}
	return t.N(key, r.N)
}

func stateWord(t *locale.Printer, s RuleState) string {
	switch s {
	case Met:
		return t.T("password.rule-met")
	case Unmet:
		return t.T("password.rule-unmet")
	}
	return ""
}

func ceremonyVerb(c Ceremony) string {
	if c.Create {
		return "create"
	}
	return "get"
}

func codeHint(t *locale.Printer, kind string, c Code) string {
	switch {
	case c.Masked != "":
		return t.T("code.sent-to", "Where", locale.Isolate(c.Masked))
	case c.Sent:
		return t.T("code.sent")
	}
	return known(t, "code."+kind+".hint", "")
}

// codeField is the one field every code is typed into.
func codeField(t *locale.Printer, hint string, digits int, letters bool, problem string) Field {
	f := Field{
		Name: "code", Label: t.T("code.label"), Hint: hint, Problem: problem,
		Autocomplete: "one-time-code", Class: "code", Written: AsSymbol, Focus: true,
	}
	if !letters {
		f.InputMode = "numeric"
	}
	if digits > 0 {
		f.Label = t.N("code.label-digits", digits)
	}
	return f
}

// laterCode is a code field below something that has to be read first, so it does not take the focus.
func laterCode(t *locale.Printer, hint string, digits int, letters bool, problem string) Field {
	f := codeField(t, hint, digits, letters, problem)
	f.Focus = false
	return f
}

func addressType(channel string) string {
	if channel == "mail" {
		return "email"
	}
	return "tel"
}

func addressToken(channel string) string {
	if channel == "mail" {
		return "email"
	}
	return "tel"
}

func answerID(i int) string { return "answer" + strconv.Itoa(i+1) }

// appLink lets an otpauth URL through, which templ does not know, and nothing else.
func appLink(uri string) templ.SafeURL {
	if u, err := url.Parse(uri); err == nil && u.Scheme == "otpauth" {
		return templ.SafeURL(u.String())
	}
	return templ.SafeURL("#")
}

func newPasswordField(t *locale.Printer, rules []Rule, suggested string, ps Problems) Field {
	f := Field{
		Name: "password", Label: t.T("password.new"), Problem: ps.On("password"), Value: suggested,
		Type: passwordType(suggested), Autocomplete: "new-password", Written: AsSymbol, Rules: liveRules(rules),
	}
	if len(rules) > 0 {
		f.DescribedBy = "rules"
	}
	return f
}

// passwordType shows what the portal suggested, and hides what a person types.
func passwordType(suggested string) string {
	if suggested != "" {
		return "text"
	}
	return "password"
}

// liveRules writes the rules the browser can tick for the script.
func liveRules(rules []Rule) string {
	type live struct {
		Code  string   `json:"code"`
		N     int      `json:"n,omitempty"`
		Of    int      `json:"of,omitempty"`
		Words []string `json:"words,omitempty"`
	}
	var out []live
	for _, r := range rules {
		if r.Live {
			out = append(out, live{r.Code, r.N, r.Of, r.Words})
		}
	}
	if len(out) == 0 {
		return ""
	}
	b, err := json.Marshal(out)
	if err != nil {
		return ""
	}
	return string(b)
}
