package ad

import (
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"rekey/internal/directory"
)

func refusal(code uint16, diagnostic string) error {
	return ldap.NewError(code, errors.New(diagnostic))
}

// TestTranslate holds diagnostics as Windows Server and Samba write them.
func TestTranslate(t *testing.T) {
	for _, c := range []struct {
		code       uint16
		diagnostic string
		want       error
		reason     directory.Reason
	}{
		{53, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n\x00", nil, directory.PolicyRefused},
		{19, "0000052D: AtrErr: DSID-03191083, #1:\n\t0: 0000052D: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n", nil, directory.PolicyRefused},
		{19, "0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal or longer than 7 characters!", nil, directory.TooShort},
		{19, "0000052D: Constraint violation - check_password_restrictions: the password does not meet the complexity criteria!", nil, directory.Complexity},
		{19, "0000052D: Constraint violation - check_password_restrictions: the password was already used (in history)!", nil, directory.InHistory},
		{19, "0000052D: Constraint violation - check_password_restrictions: the password was already used (previous password)!", nil, directory.InHistory},
		{19, "0000052D: Constraint violation - check_password_restrictions: password is too young to change!", nil, directory.TooYoung},
		{19, "00000775: Constraint violation - check_password_restrictions: Password change not permitted, account locked out!", nil, directory.PolicyRefused},
		{19, "00000056: AtrErr: DSID-03191083, #1:\n\t0: 00000056: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n", directory.ErrWrongPassword, ""},
		{19, "00000056: Constraint violation - check_password_restrictions: The old password specified doesn't match!", directory.ErrWrongPassword, ""},
		{19, "00000005: AtrErr: DSID-03190F80, problem 1005 (CONSTRAINT_ATT_TYPE)", directory.ErrDenied, ""},
		{50, "00000005: SecErr: DSID-031A1190, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n", directory.ErrDenied, ""},
		{50, "00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n", directory.ErrDenied, ""},
		{50, "error in module acl: insufficient access rights during LDB_MODIFY (50)", directory.ErrDenied, ""},
		{32, "00002030: NameErr: DSID-0310020A, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'DC=corp'\n", directory.ErrNotFound, ""},
		{32, "0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT), data 0", directory.ErrNotFound, ""},
		{32, "No such Base DN", directory.ErrNotFound, ""},
		{53, "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n", directory.ErrUnavailable, ""},
		{10, "0000202B: RefErr: DSID-0310082F, data 0, 1 access points", directory.ErrUnavailable, ""},
		{80, "", directory.ErrUnavailable, ""},
		{1, "short", directory.ErrUnavailable, ""},
	} {
		err := translate(refusal(c.code, c.diagnostic))
		var rejected *directory.RejectedError
		if c.want == nil && (!errors.As(err, &rejected) || rejected.Reason != c.reason) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%d %q: %v", c.code, c.diagnostic, err)
		}
	}
}

func TestSignInReason(t *testing.T) {
	for data, want := range map[string]directory.SignInReason{
		"52e": directory.SignInWrong, "525": directory.SignInWrong, "530": directory.SignInRestricted, "531": directory.SignInRestricted,
		"52f": directory.SignInRestricted, "532": directory.SignInExpired, "533": directory.SignInDisabled, "701": directory.SignInAccountExpired,
		"773": directory.SignInMustChange, "775": directory.SignInLocked, "999": directory.SignInWrong,
	} {
		for _, version := range []string{"v1db1", "v4563", "vece\x00"} {
			diagnostic := "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data " + data + ", " + version
			if got := signInReason(refusal(49, diagnostic)); got != want {
				t.Errorf("%s: %s, want %s", diagnostic, got, want)
			}
		}
	}
	if got := signInReason(refusal(49, "Simple Bind Failed: NT_STATUS_PASSWORD_MUST_CHANGE")); got != directory.SignInMustChange {
		t.Errorf("old Samba: %s", got)
	}
	if got := signInReason(refusal(49, "")); got != directory.SignInWrong {
		t.Errorf("silent: %s", got)
	}
}

func TestForgottenConnectionsDidNothing(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{refusal(1, "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed"), true},
		{refusal(1, "00002020: Operation unavailable without authentication"), true},
		{refusal(1, "00002120: other"), false},
		{refusal(53, "0000052D: x"), false},
		{errors.New("cut"), false},
	} {
		if got := forgotten(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestInferredReason(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rules := directory.Rules{MinLength: 10, Classes: 3, OfClasses: 5, NoNameParts: []string{"Müller"}, MinAge: time.Hour, PasswordSet: now.Add(-time.Minute)}
	for _, c := range []struct {
		password string
		history  bool
		want     directory.Reason
	}{
		{"aB1!", false, directory.TooShort},
		{"onlysmallletters", false, directory.Complexity},
		{"xMÜLLER-12345", false, directory.HoldsName},
		{"Fine-Passw0rd!", true, directory.TooYoung},
		{"Fine-Passw0rd!", false, directory.PolicyRefused},
		{"漢字漢字漢字漢字漢字aA", false, directory.PolicyRefused},
	} {
		if got := broken(rules, c.password, c.history, now); got != c.want {
			t.Errorf("%s, %v: %s, want %s", c.password, c.history, got, c.want)
		}
	}
}

func TestIdentifiersAsText(t *testing.T) {
	sid, _ := hex.DecodeString("010500000000000515000000a065cf7e784b9b5fe77c8770f4010000")
	if got := sidText(sid); got != "S-1-5-21-2127521184-1604012920-1887927527-500" {
		t.Errorf("SID %s", got)
	}
	guid, _ := hex.DecodeString("33221100554477668899aabbccddeeff")
	if got := guidText(guid); got != "00112233-4455-6677-8899-aabbccddeeff" || !isGUID(got) {
		t.Errorf("GUID %s", got)
	}
	for _, b := range [][]byte{nil, sid[:7], sid[:len(sid)-1], append(slices.Clone(sid), 0)} {
		if sidText(b) != "" || guidText(b) != "" {
			t.Errorf("%x: %q, %q", b, sidText(b), guidText(b))
		}
	}
	for _, s := range []string{"", "unknown", "00112233-4455-6677-8899-AABBCCDDEEFF", "00112233-4455-6677-8899-aabbccddeefg", "00112233445566778899aabbccddeeff----"} {
		if isGUID(s) {
			t.Errorf("%q passes for a GUID", s)
		}
	}
}

func TestTimes(t *testing.T) {
	if got := point("133485408000000000"); !got.Equal(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("point %v", got)
	}
	for _, s := range []string{"", "0", "-1", "9223372036854775807", "soon"} {
		if got := point(s); !got.IsZero() {
			t.Errorf("%s: %v", s, got)
		}
	}
	for s, want := range map[string]time.Duration{
		"": 0, "0": 0, "-18000000000": 30 * time.Minute, "-9223372036854775808": math.MaxInt64, "-864000000000": 24 * time.Hour, "5": 0,
	} {
		if got := span(s); got != want {
			t.Errorf("span %s: %v", s, got)
		}
	}
}

// TestNameParts: the rule is Windows', which Samba does not have.
func TestNameParts(t *testing.T) {
	for _, c := range []struct {
		sam, display string
		want         []string
	}{
		{"jdoe", "Jane van der Doe-Smith, Dr.", []string{"jdoe", "Jane", "van", "der", "Doe", "Smith"}},
		{"jd", "J. D.", nil},
		{"abc", "", []string{"abc"}},
		{"x", "a\tbcd#efg_hij–klm—no", []string{"bcd", "efg", "hij", "klm"}},
		{"x", "José 漢字漢", []string{"José", "漢字漢"}},
	} {
		if got := nameParts(c.sam, c.display); !slices.Equal(got, c.want) {
			t.Errorf("%s, %s: %q, want %q", c.sam, c.display, got, c.want)
		}
	}
}

func TestMails(t *testing.T) {
	for _, c := range []struct {
		mail    string
		proxies []string
		want    []string
	}{
		{"", nil, nil},
		{"a@x.test", []string{"smtp:b@x.test", "SMTP:A@x.test"}, []string{"a@x.test", "b@x.test"}},
		{"", []string{"smtp:b@x.test", "SMTP:a@x.test", "SIP:c@x.test", "X500:/o=x"}, []string{"a@x.test", "b@x.test"}},
		{"not an address", []string{"smtp:"}, nil},
	} {
		if got := mails(c.mail, c.proxies); !slices.Equal(got, c.want) {
			t.Errorf("%s %q: %q", c.mail, c.proxies, got)
		}
	}
}

func TestForeignNamesAreNotAskedFor(t *testing.T) {
	d := &Directory{config: Config{Domain: "corp.example.test", NetBIOS: "CORP"}}
	for domain, want := range map[string]bool{"": true, "corp": true, "Corp.Example.Test": true, "SALES": false, "corp.example": false} {
		if _, ours := d.filter(directory.Identifier{Domain: domain, Name: "x"}); ours != want {
			t.Errorf("%q: %v", domain, ours)
		}
	}
	d.config.NetBIOS = ""
	if _, ours := d.filter(directory.Identifier{Domain: "SALES", Name: "x"}); !ours {
		t.Error("refused by a NetBIOS name that is not known")
	}
}

func TestAttack26FilterIsEscaped(t *testing.T) {
	d := &Directory{config: Config{Domain: "corp.example.test"}}
	for _, name := range []string{"a*", "a)(b=*", `a\2a`, "a\x00b"} {
		for _, who := range []directory.Identifier{{Name: name}, {Mail: name + "@corp.example.test"}} {
			filter, _ := d.filter(who)
			if strings.Contains(filter, name) {
				t.Errorf("%q goes into the filter as it is: %s", name, filter)
			}
			if _, err := ldap.CompileFilter(filter); err != nil {
				t.Errorf("%s: %v", filter, err)
			}
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("a)(b=*")
	f.Add("x@corp.example.test")
	d := &Directory{config: Config{Domain: "corp.example.test"}}
	plain, _ := d.filter(directory.Identifier{Name: "x", Mail: "x@corp.example.test"})
	f.Fuzz(func(t *testing.T, typed string) {
		who, err := directory.Parse(typed)
		if err != nil {
			return
		}
		filter, _ := d.filter(who)
		if _, err := ldap.CompileFilter(filter); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
		if strings.Count(filter, "(") > strings.Count(plain, "(") {
			t.Errorf("%q: %s", typed, filter)
		}
	})
}

// TestHiddenPolicyIsTheStrictest: one that may not be read is taken to lock at once, so no sign-in is tried.
func TestHiddenPolicyIsTheStrictest(t *testing.T) {
	p := hiddenPolicy("CN=Board,CN=Password Settings Container,CN=System,DC=corp")
	if p.lockAfter != 1 || !p.hidden {
		t.Errorf("%+v", p)
	}
	r := p.rules(nil, true)
	if !r.Unreadable || r.Source != "Board" || r.MinLength != 0 || r.Lockout != 0 {
		t.Errorf("rules are guessed: %+v", r)
	}
}

func TestPasswordWritten(t *testing.T) {
	for _, c := range []struct {
		must          bool
		before, after int64
		want          verdict
	}{
		{false, 5, 9, written},
		{false, 5, 5, notWritten},
		{false, 0, 9, written},
		{false, 0, 0, notWritten},
		{true, 5, 0, written},
		{true, 5, 5, notWritten},
		{true, 0, 0, unclear},
	} {
		if got := passwordWritten(c.must)(condition{passwordSet: c.before}, condition{passwordSet: c.after}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
