package delegation_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rekey/internal/delegation"
)

const base = "DC=corp,DC=example,DC=test"

func domain(units ...string) delegation.Domain {
	return delegation.Domain{BaseDN: base, Account: "svc-rekey", NetBIOS: "CORP", Units: units}
}

// TestAttack40NamesCannotWriteScripts: whatever a unit is called, the script hands that very name on. The shell itself is asked.
func TestAttack40NamesCannotWriteScripts(t *testing.T) {
	for _, unit := range []string{
		"OU=People", "OU=O'Brien's", "OU=a';touch owned;'", "OU=$(touch owned)", "OU=`touch owned`", `OU=a\,b`, `OU=a\"b`, "OU=a b  c", "OU=-x", "OU=a!b", "OU=é*?[]",
	} {
		dn := unit + "," + base
		script, err := delegation.Samba(domain(dn))
		if err != nil {
			t.Errorf("%s: %v", unit, err)
			continue
		}
		dir := t.TempDir()
		tool := "#!/bin/sh\nfor a in \"$@\"; do case $a in --objectdn=*) printf '%s\\n' \"$a\" >>\"$OUT\";; esac; done\necho 'objectSid: S-1-5-21-1-2-3-4'\n"
		if err := os.WriteFile(filepath.Join(dir, "samba-tool"), []byte(tool), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "/bin/sh", "-c", script)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir + ":/usr/bin:/bin", "OUT=" + filepath.Join(dir, "out")}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", unit, err, out)
		}
		got, err := os.ReadFile(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(string(got), "\n"); first != "--objectdn="+dn {
			t.Errorf("%s: the tool got %q", unit, first)
		}
		if _, err := os.Stat(filepath.Join(dir, "owned")); err == nil {
			t.Errorf("%s: a command in the name was run", unit)
		}
	}
}

// TestAttack40QuotesOfPowerShell: PowerShell ends a text at curved quotation marks too; each is doubled.
func TestAttack40QuotesOfPowerShell(t *testing.T) {
	for _, mark := range []string{"'", "\u2018", "\u2019", "\u201a", "\u201b"} {
		script, err := delegation.PowerShell(domain("OU=a" + mark + "; calc; #," + base))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(script, "'OU=a"+mark+mark+"; calc; #,"+base+"'") {
			t.Errorf("%q is not doubled: %s", mark, script)
		}
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	for name, d := range map[string]delegation.Domain{
		"nothing":       domain(),
		"two lines":     domain("OU=a\nrm -rf /," + base),
		"a zero":        domain("OU=a\x00," + base),
		"elsewhere":     domain("OU=People,DC=other,DC=test"),
		"no DN":         domain("People," + base),
		"an end":        domain(`OU=a\,` + base),
		"an account":    {BaseDN: base, Account: `x"; calc`, NetBIOS: "CORP", Units: []string{"OU=a," + base}},
		"a short name":  {BaseDN: base, Account: "x", NetBIOS: "C'ORP", Units: []string{"OU=a," + base}},
		"no account":    {BaseDN: base, NetBIOS: "CORP", Units: []string{"OU=a," + base}},
		"right to left": domain("OU=a\u202eb," + base),
	} {
		for _, write := range []func(delegation.Domain) (string, error){delegation.Samba, delegation.PowerShell, delegation.DSACLS} {
			if script, err := write(d); !errors.As(err, new(*delegation.NameError)) {
				t.Errorf("%s: %v\n%s", name, err, script)
			}
		}
	}
	if _, err := delegation.DSACLS(domain(`OU=a"b,` + base)); err == nil {
		t.Error("a quotation mark goes to dsacls")
	}
}

// TestScriptsGrantWhatIsUsedAndNoMore.
func TestScriptsGrantWhatIsUsedAndNoMore(t *testing.T) {
	for _, write := range []func(delegation.Domain) (string, error){delegation.Samba, delegation.PowerShell, delegation.DSACLS} {
		script, err := write(domain("OU=People,"+base, "OU=Staff,"+base))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"OU=People," + base, "OU=Staff," + base, "svc-rekey", "Password Settings Container"} {
			if !strings.Contains(script, want) {
				t.Errorf("no %s in:\n%s", want, script)
			}
		}
		for _, not := range []string{"GenericAll", ":GA", "GenericWrite", ";GA;", "WD;", "WriteDacl"} {
			if strings.Contains(script, not) {
				t.Errorf("%s in:\n%s", not, script)
			}
		}
	}
	const id = "00000000-0000-4000-8000-000000000000"
	for _, write := range []func(string, string, bool) (string, error){delegation.Graph, delegation.Azure} {
		script, err := write(id, id, false)
		if err != nil || !strings.Contains(script, "User-PasswordProfile.ReadWrite.All") || strings.Contains(script, "Domain.Read.All") {
			t.Errorf("%v:\n%s", err, script)
		}
		if _, err := write("x' ; calc", id, true); err == nil {
			t.Error("a tenant that is no ID is taken")
		}
	}
}
