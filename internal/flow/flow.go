package flow

import (
	"time"

	"rekey/internal/account"
	"rekey/internal/audit"
	"rekey/internal/factor"
	"rekey/internal/message"
	"rekey/internal/policy"
)

// ID names a flow; it is not secret. The browser holds a separate random token.
type ID string

// Stage is where a flow stands. What a person sees depends on nothing else.
type Stage string

// The stages. Identify is before there is a row; Done, Refused and Expired are final.
const (
	Identify Stage = "identify"
	Choose   Stage = "choose"   // pick a way to prove who you are
	Prove    Stage = "prove"    // a challenge is open
	Password Stage = "password" // proven: type the new password (reset, change) or confirm (unlock)
	Applying Stage = "applying" // the directory is being written; intent is recorded
	Done     Stage = "done"
	Refused  Stage = "refused"
	Expired  Stage = "expired"
)

// Final reports whether nothing can happen any more.
func (s Stage) Final() bool { return s == Done || s == Refused || s == Expired }

// Offer is one way to prove who you are that this flow may use. Several credentials of one kind that are asked for together
// (passkeys) are one offer.
type Offer struct {
	Ref         string         `json:"ref"` // value of the radio button: the kind, or kind:2 for the second of a kind
	Kind        factor.Kind    `json:"kind"`
	Class       factor.Class   `json:"class"`
	NeedsScript bool           `json:"needs_script,omitempty"`
	Credentials []CredentialOf `json:"credentials"`
}

// CredentialOf is a credential behind an offer.
type CredentialOf struct {
	ID      string         `json:"id"`
	Channel factor.Channel `json:"channel"`
}

// Challenge is the open question of stage Prove. State is sealed by the store.
type Challenge struct {
	Ref     string    `json:"ref"`
	State   []byte    `json:"state,omitempty"`
	Prompt  []byte    `json:"prompt,omitempty"` // encoded by the use case, so that a refresh shows the same question
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Tries   int       `json:"tries"` // answers judged or being judged
	Sends   int       `json:"sends"`
}

// Refusal says why a flow ended in Refused.
type Refusal string

// The refusals.
const (
	RefusedBlocked     Refusal = "blocked"      // too many wrong answers
	RefusedFrozen      Refusal = "frozen"       // the owner said "this wasn't me"
	RefusedDenied      Refusal = "denied"       // the directory or a policy does not allow it
	RefusedNotEnrolled Refusal = "not-enrolled" // fewer ways set up than asked for
	RefusedByPerson    Refusal = "cancelled"
	RefusedGone        Refusal = "gone"       // the account disappeared meanwhile
	RefusedByRule      Refusal = "rule"       // a rule of the settings, which brings its text
	RefusedByLimit     Refusal = "limit"      // done as often as it may be
	RefusedByThreat    Refusal = "threat"     // the house has stopped it for now
	RefusedPrivileged  Refusal = "privileged" // privileged accounts are for the help desk
	RefusedRetries     Refusal = "retries"    // too many passwords that the directory did not take
)

// What ends a flow by itself.
const (
	Timeout       = "timeout"
	OtherFinished = "superseded" // another flow of the account was finished
)

// Bar is what stands against an attempt whatever is proven. It is told after the proofs: before, nobody may learn that the account
// exists.
type Bar struct {
	Refusal Refusal           `json:"refusal"`
	Text    map[string]string `json:"text,omitempty"` // by language
	Until   time.Time         `json:"until,omitzero"` // when to come back
}

// Place is where an attempt comes from, as far as the address tells.
type Place struct {
	Country   string  `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Located   bool    `json:"located,omitempty"`
	Latitude  float64 `json:"latitude,omitempty"`
	Longitude float64 `json:"longitude,omitempty"`
}

// Flow is one attempt. It is a value: Apply returns a changed copy.
type Flow struct {
	ID          ID                   `json:"id"`
	Version     int64                `json:"version"` // set by the store; compare-and-set
	Moves       int                  `json:"moves"`   // events that moved it, from 1: names the state a form was made from
	Action      policy.Action        `json:"action"`
	Stage       Stage                `json:"stage"`
	Account     account.ID           `json:"account"` // zero for decoys
	Decoy       bool                 `json:"decoy,omitempty"`
	Name        string               `json:"name"`        // as typed, to show back
	Typed       string               `json:"typed"`       // throttle key of the typed name, folded
	SignIn      string               `json:"sign_in"`     // the account's sign-in name, for notices
	Settings    int64                `json:"settings"`    // version frozen at identify
	Policy      string               `json:"policy"`      // name
	Requirement policy.Requirement   `json:"requirement"` // frozen at identify
	Rules       policy.PasswordRules `json:"rules"`
	Write       policy.WriteRules    `json:"write"`
	Offers      []Offer              `json:"offers"`
	Proven      []policy.Proof       `json:"proven,omitempty"`
	Sent        map[string]int       `json:"sent,omitempty"` // codes sent, by offer
	Challenge   *Challenge           `json:"challenge,omitempty"`
	Locale      string               `json:"locale"`
	Started     time.Time            `json:"started"`
	Touched     time.Time            `json:"touched"`
	Expires     time.Time            `json:"expires"`           // absolute
	Targets     []Target             `json:"targets,omitempty"` // what is written, in order; none for decoys
	Follows     []account.ID         `json:"follows,omitempty"` // what gets the password later, by itself
	Writing     *Writing             `json:"writing,omitempty"`
	Refusal     Refusal              `json:"refusal,omitempty"`
	Until       time.Time            `json:"until,omitzero"`     // with RefusedBlocked: when to come back
	Notice      string               `json:"notice,omitempty"`   // short code of what the next page should say: "wrong-code", "code-expired", "rejected:too-short"
	Unlocked    bool                 `json:"unlocked,omitempty"` // with Done: a lock was cleared
	WasLocked   bool                 `json:"was_locked,omitempty"`
	Ended       time.Time            `json:"ended,omitzero"`
	Left        Stage                `json:"left,omitempty"`  // the stage it was in when it ended
	Why         string               `json:"why,omitempty"`   // why it ended before it was done: a Refusal, Timeout, OtherFinished
	Pilot       bool                 `json:"pilot,omitempty"` // counted as an attempt of the policy's pilot
	Bar         *Bar                 `json:"bar,omitempty"`
	Floor       bool                 `json:"floor,omitempty"`      // the account is privileged, or may be
	Threat      policy.Threat        `json:"threat,omitempty"`     // the level the requirement was made or last raised for
	Retries     int                  `json:"retries,omitempty"`    // passwords the directory may refuse; 0: no limit
	Rejections  int                  `json:"rejections,omitempty"` // how many it did
	From        string               `json:"from,omitempty"`       // the source that failures are counted for
	Browser     time.Time            `json:"browser,omitzero"`     // when its browser finished an attempt of this account before; zero: not known to
	Place       Place                `json:"place,omitzero"`
}

// Writing is the record of intent made before the directory is written.
type Writing struct {
	Claim   string    `json:"claim"` // random: who may finish it
	Since   time.Time `json:"since"` // of the target under way
	Unknown bool      `json:"unknown,omitempty"`
}

// Effects is what must be committed with the changed flow, or not at all.
type Effects struct {
	Audit       []audit.Event
	Send        []message.Message
	CloseOthers bool // expire every other open flow of the account, and end its sessions
	SignOut     []SignOut
	Failed      []string   // whose wrong answer it was: keys of the account and the source
	Completed   *Completed // remembered for limits and signals
}

// Completed is an attempt that ended well.
type Completed struct {
	Account account.ID
	Action  policy.Action
	At      time.Time
	Place   Place
}

// SignOut ends what an account is signed in to in its directory.
type SignOut struct {
	Account account.ID
	At      time.Time // not before; zero: at once
}

// Limits are the times and counts the machine enforces.
type Limits struct {
	Idle           time.Duration // between two steps
	Life           time.Duration // from start to end
	TriesPerCode   int           // answers judged per challenge
	SendsPerMethod int           // codes sent per offer and flow
	ApplyingFor    time.Duration // after which a write without a result is resolved by asking the directory
}
