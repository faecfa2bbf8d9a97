package entra

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rekey/internal/directory"
	"rekey/internal/secret"
)

// TestTranslate: bodies as Graph's documentation and people who met them write them.
func TestTranslate(t *testing.T) {
	const (
		simple   = "The specified password does not comply with password complexity requirements. Please provide a different password."
		mastered = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
	)
	for _, c := range []struct {
		kind kind
		r    refusal
		want error
	}{
		{setPassword, refusal{status: 400, code: "Request_BadRequest", message: mastered}, directory.ErrDenied},
		{setPassword, refusal{status: 403, code: "Authorization_RequestDenied", message: "Insufficient privileges to complete the operation."}, directory.ErrDenied},
		{setPassword, refusal{status: 404, code: "Request_ResourceNotFound"}, directory.ErrNotFound},
		{setPassword, refusal{status: 401, code: "InvalidAuthenticationToken"}, directory.ErrUnavailable},
		{setPassword, refusal{status: 429, code: "TooManyRequests"}, directory.ErrUnavailable},
		{setPassword, refusal{status: 409, code: "Directory_ConcurrencyViolation"}, directory.ErrUnavailable},
		{setPassword, refusal{status: 400, code: "BadRequest"}, directory.ErrUnavailable},
		{readUser, refusal{status: 400, code: "Request_BadRequest", message: simple}, directory.ErrUnavailable},
		{readUser, refusal{status: 404, code: ""}, directory.ErrUnavailable}, // a gateway's: not Graph's word
		{readUser, refusal{status: 410}, directory.ErrUnavailable},
		{readChanges, refusal{status: 410, code: "anything"}, directory.ErrCursorGone},
		{readChanges, refusal{status: 400, code: "SyncStateNotFound"}, directory.ErrCursorGone},
		{readChanges, refusal{status: 400, code: "ResyncRequired"}, directory.ErrCursorGone},
		{readChanges, refusal{status: 400, code: "Directory_ExpiredPageToken"}, directory.ErrCursorGone},
		{readChanges, refusal{status: 503, code: "Service_ServiceUnavailable"}, directory.ErrUnavailable},
	} {
		if err := translate(c.kind, &c.r); !errors.Is(err, c.want) {
			t.Errorf("%s, %d %s: %v, want %v", c.kind, c.r.status, c.r.code, err, c.want)
		}
	}
	err := translate(setPassword, &refusal{status: 400, code: "Request_BadRequest", message: simple})
	var rejected *directory.RejectedError
	if !errors.As(err, &rejected) || rejected.Reason != directory.PolicyRefused {
		t.Errorf("refused password: %v", err)
	}
	if err := translate(setPassword, &lostError{err: errors.New("cut")}); !errors.Is(err, directory.ErrUnavailable) {
		t.Error(err)
	}
}

func TestWhatIsInDoubt(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{&lostError{sent: true}, true},
		{&lostError{sent: false}, false},
		{&refusal{status: 504}, true},
		{&refusal{status: 502}, true},
		{&refusal{status: 500}, true},
		{&refusal{status: 503}, false},
		{&refusal{status: 429}, false},
		{&refusal{status: 400}, false},
		{directory.ErrUnavailable, false},
	} {
		if got := inDoubt(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		want time.Duration
		ok   bool
	}{
		{"2.128", 2128 * time.Millisecond, true},
		{" 60 ", time.Minute, true},
		{"0", 0, true},
		{"Tue, 24 Nov 2026 12:00:30 GMT", 30 * time.Second, true},
		{"Tue, 24 Nov 2026 11:00:00 GMT", 0, true},
		{"", 0, false},
		{"-1", 0, false},
		{"soon", 0, false},
		{"1e300", 0, false},
		{"NaN", 0, false},
	} {
		if got, ok := retryAfter(c.text, now); got != c.want || ok != c.ok {
			t.Errorf("%q: %v, %v", c.text, got, ok)
		}
	}
	if got := wait(answer{header: http.Header{"Retry-After": {"3"}}}, 1, now); got < 3*time.Second {
		t.Errorf("shorter than asked for: %v", got)
	}
}

func TestPasswordsThatCannotBeTaken(t *testing.T) {
	for password, want := range map[string]directory.Reason{
		"": directory.TooShort, strings.Repeat("aB1!", 64) + "x": directory.TooLong, "Pässw0rd!": directory.Characters, "Abc\t1234": directory.Characters,
		"密码Aa1!bcd": directory.Characters,
	} {
		var rejected *directory.RejectedError
		if err := takable(secret.New(password)); !errors.As(err, &rejected) || rejected.Reason != want {
			t.Errorf("%q: %v", password, err)
		}
	}
	if err := takable(secret.New(strings.Repeat("aB1 ", 64))); err != nil {
		t.Error(err)
	}
}

func TestBrokenRule(t *testing.T) {
	d := &Directory{config: Config{BannedWords: []string{"fabrikam"}, Names: []string{"Contoso"}}}
	r := d.rules(user{GivenName: "Poll", Surname: "Ng"})
	for password, want := range map[string]directory.Reason{
		"aB1!": directory.TooShort, "onlysmallletters": directory.Complexity, "Fabr1k@m12": directory.Banned, "p0LL23fb-9xQ": directory.Banned,
		"xK9-contoso-q7": directory.Banned, "vK9#rT2m-Ng": directory.PolicyRefused,
	} {
		if got := broken(r, secret.New(password)); got != want {
			t.Errorf("%q: %s, want %s", password, got, want)
		}
	}
}

func TestPrivileged(t *testing.T) {
	ordinary := ordinaryRoles()
	for _, c := range []struct {
		why  string
		m    memberships
		want bool
	}{
		{"nothing", memberships{}, false},
		{"a plain group", memberships{groups: []group{{ID: "A", Name: "Staff"}}}, false},
		{"a group that roles can be given to", memberships{groups: []group{{ID: "A", RoleAssignable: true}}}, true},
		{"a reader's role", memberships{roles: []group{{ID: "x", Template: strings.ToUpper(ordinary[0])}}}, false},
		{"an administrator's role", memberships{roles: []group{{ID: "x", Template: userAdministrator}}}, true},
		{"a role that may not be read", memberships{roles: []group{{ID: "x"}}}, true},
		{"a role in an administrative unit", memberships{assigned: []string{userAdministrator}}, true},
		{"a reader's role, assigned", memberships{assigned: []string{ordinary[1]}}, false},
	} {
		groups, got := c.m.of(ordinary)
		if got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
		for _, g := range groups {
			if g.ID != strings.ToLower(g.ID) || g.ID == "x" {
				t.Errorf("%s: group %+v", c.why, g)
			}
		}
	}
}

func TestPhoneNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"+1 2065555555": "+12065555555", "+49 (0)30 1234-567": "+49301234567", "+1 4255551234x12345": "+14255551234x12345", "4357": "",
		"+49 30 CALL ME": "", "": "", "+0 123456789": "", "0049 30 123456": "",
	} {
		if got := e164(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestUserFromJSON(t *testing.T) {
	const text = `{"id":"AB0B0C0D-0000-4000-8000-00000000000A","userPrincipalName":"anna@contoso.com","mail":null,"accountEnabled":true,
"proxyAddresses":["smtp:b@contoso.com","SMTP:a@contoso.com","X500:/o=x"],"onPremisesSyncEnabled":null,"department":"Finance","employeeHireDate":null,
"onPremisesExtensionAttributes":{"extensionAttribute1":"blue","extensionAttribute2":null},"businessPhones":["1","2"],
"manager@delta":[{"id":"0"},{"id":"1","@removed":{"reason":"deleted"}}]}`
	d := &Directory{config: Config{Domain: "contoso.com", Attributes: []string{"department", "extensionAttribute1", "extensionAttribute2", "employeeHireDate", "businessPhones"}}}
	u, err := d.read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	page, err := d.readPage([]byte(`{"value":[{"id":"1","department":"Sales"},` + text + `]}`))
	if err != nil || len(page) != 2 || !slices.Equal(d.account(page[0]).Attributes["department"], []string{"Sales"}) || !slices.Equal(d.account(page[1]).Mails, d.account(u).Mails) {
		t.Errorf("%+v, %v", page, err)
	}
	a := d.account(u)
	if a.ID.Object != "ab0b0c0d-0000-4000-8000-00000000000a" || a.State.Disabled || a.State.Synced || !a.State.PasswordSet.IsZero() || a.Manager != "0" {
		t.Errorf("%+v", a)
	}
	if !slices.Equal(a.Mails, []string{"a@contoso.com", "b@contoso.com"}) || a.Mail != "a@contoso.com" {
		t.Errorf("%q, %q", a.Mail, a.Mails)
	}
	if len(a.Attributes) != 3 || a.Attributes["department"][0] != "Finance" || a.Attributes["extensionAttribute1"][0] != "blue" || len(a.Attributes["businessPhones"]) != 2 {
		t.Errorf("%v", a.Attributes)
	}
	if !d.account(user{}).State.Disabled {
		t.Error("an account that does not say it is enabled counts as enabled")
	}
}

// TestLinksLeadNowhereElse: the token goes along with each.
func TestLinksLeadNowhereElse(t *testing.T) {
	g := &client{base: "https://graph.microsoft.com"}
	for _, link := range []string{
		"https://elsewhere.example/v1.0/users", "https://graph.microsoft.com.elsewhere.example/v1.0/users", "https://graph.microsoft.com@elsewhere.example/v1.0/",
		"http://graph.microsoft.com/v1.0/users", "//elsewhere.example/v1.0/users", "", "https://graph.microsoft.com/beta/users",
	} {
		if address, err := g.address(call{path: link}); err == nil && !strings.HasPrefix(address, "https://graph.microsoft.com/v1.0/") {
			t.Errorf("%s leads to %s", link, address)
		}
	}
	if address, err := g.address(call{path: "https://graph.microsoft.com/v1.0/users?$skiptoken=x"}); err != nil || address != "https://graph.microsoft.com/v1.0/users?$skiptoken=x" {
		t.Error(address, err)
	}
}
