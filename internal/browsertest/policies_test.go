package browsertest

import (
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"rekey/internal/lab/browser"
	"rekey/internal/lab/people"
	"rekey/internal/whatif"
)

// TestAnAdministratorChangesAPolicy: found in the list, previewed while it is edited, reviewed, saved with a reason, and obeyed.
func TestAnAdministratorChangesAPolicy(t *testing.T) {
	t.Parallel()
	l := theLab(t)
	d := newAdmin(t, "policy-admin", browser.Options{})
	d.Open(l.Portal.URL() + "/admin/policies")
	d.SeeHeading("Policies")
	d.look()
	d.Press("Contractors")
	d.SeeHeading("Contractors")
	d.Wait("who it is for", `/\d (person|people)/.test(document.querySelector("#means").innerText)`)
	d.look()
	d.Pick("Change a password they know")
	d.Wait("who loses", `/not let change any more/.test(document.querySelector("#means").innerText)`)
	d.Pick("Change a password they know")
	d.Wait("that nobody loses", `/Nothing changes for anybody/.test(document.querySelector("#means").innerText)`)
	d.Fill("limits.life", "25m")
	d.Fill("whatif.user", "freelance")
	d.Click("Tell me")
	d.Wait("an answer", `/Contractors does not allow it/.test(document.querySelector("#answer").innerText)`)
	d.Press("Review the change")
	d.See("policies[1].limits")
	d.look()
	d.Fill("Reason", "Contractors sit far from their papers")
	browser.Eval[bool](d.Page, `document.querySelector("form[action$='/save'] .row button").click() === undefined`) // not the unseen one that Enter presses
	d.See("Saved as version")

	who, ok := l.Person("freelance", people.Corp)
	if !ok {
		t.Fatal("nobody is a freelancer")
	}
	out, err := exec.CommandContext(t.Context(), l.Binary, "--config", l.Portal.ConfigFile(), "explain", "--user", who.SAM, "--action", "unlock", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []whatif.Answer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != 1 || answers[0].Policy != "Contractors" || answers[0].Limits.Life != 25*time.Minute {
		t.Errorf("%s, %v", out, err)
	}
	d.Open(l.Portal.URL() + "/admin/policies/history?policy=Contractors")
	d.See("Contractors sit far from their papers")
}
