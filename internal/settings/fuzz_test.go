package settings_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"rekey/internal/authenticator"
	"rekey/internal/authenticator/backupcode"
	"rekey/internal/authenticator/passkey"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/lab"
	"rekey/internal/lint"
	"rekey/internal/settings"
)

// FuzzParse: whatever text somebody saves, there is an answer: a version that the linter judges, or errors that name the file.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../configs/settings.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	demo := lab.Settings([]lab.Directory{{Domain: "corp.example.test", NetBIOS: "CORP", URLs: []string{"ldaps://127.0.0.1:1"}}, {Domain: "sales.example.test", NetBIOS: "SALES"}}, "127.0.0.1:25")
	files := regexp.MustCompile(`\{(file|env|sealed): [^}]*\}`) // no text may have a file read
	f.Setenv("REKEY_FUZZ_SECRET", "secret")
	for _, text := range []string{least, weak(), string(example), demo} {
		text = files.ReplaceAllString(text, "{env: REKEY_FUZZ_SECRET}")
		if _, err := lintLoosely(text, &farm{}); err != nil {
			f.Fatalf("a seed does not compile: %v", err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file:") {
			return
		}
		var here farm
		v, err := lintLoosely(text, &here)
		if err != nil && !strings.HasPrefix(err.Error(), "x.yaml:") {
			t.Errorf("no place: %v", err)
		}
		for _, finding := range v.Findings {
			if finding.File != "x.yaml" || finding.Text == "" {
				t.Errorf("no place: %+v", finding)
			}
		}
		if here.still() != 0 {
			t.Errorf("%d directories are left open", here.still())
		}
	})
}

// loose opens a barn from any directory's settings: nothing is dialled.
func (f *farm) loose(decode settings.Decode) (directory.Directory, error) {
	var all map[string]any
	if err := decode(&all); err != nil {
		return nil, err
	}
	domain, _ := all["domain"].(string)
	f.opened.Add(1)
	return judging{tied{&barn{farm: f, key: domain}, false}}, nil
}

// lintLoosely judges a document that may name any directory and way there is.
func lintLoosely(text string, f *farm) (settings.Verdict, error) {
	registry := f.registry()
	for _, kind := range []string{"ad", "ldap", "entra"} {
		registry.Directories[kind] = settings.DirectoryType{Open: func(decode settings.Decode, _ settings.Deps) (directory.Directory, error) { return f.loose(decode) }}
	}
	registry.Methods = append(registry.Methods,
		settings.MethodType{Kind: factor.Passkey, Open: func(decode settings.Decode, d settings.Deps) (authenticator.Method, error) {
			c := passkey.Config{Origin: d.PublicURL, Name: d.Brand.Name}
			if err := decode(&c); err != nil {
				return nil, err
			}
			return passkey.Open(c, passkey.Deps{})
		}},
		settings.MethodType{Kind: factor.BackupCode, Open: func(decode settings.Decode, _ settings.Deps) (authenticator.Method, error) {
			var c backupcode.Config
			if err := decode(&c); err != nil {
				return nil, err
			}
			return backupcode.Open(c, backupcode.Deps{})
		}})
	m := settings.NewManager(&shelf{}, registry, deps(plain{}))
	return m.Lint("x.yaml", []byte(text), lint.NIST)
}
