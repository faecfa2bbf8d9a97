package console

import "rekey/web/component"

// Confirm asks before something is done that people or the product will feel. Its fields are named "reason" and "ticket".
type Confirm struct {
	Form     Form
	Facts    []Fact // what it is about
	Effects  []string
	Final    string // "It cannot be undone."; empty when it can
	Undo     string // how it can be undone; empty when it is final
	Reason   Asked
	Ticket   Asked
	Button   string // what is done: "Remove the passkey", never "OK"
	Danger   bool
	Cancel   string // URL of the page before
	Problems component.Problems
}

// Asked is how a field of a confirmation is asked for.
type Asked struct {
	Show     bool
	Required bool
	Value    string
}

func (c Confirm) reason() Field {
	return Field{
		Name: "reason", Label: "Reason", Hint: "Kept in the audit log, for whoever asks later.", Problem: c.Problems.On("reason"),
		Value: c.Reason.Value, Optional: !c.Reason.Required, Limit: 500,
	}
}

func (c Confirm) ticket() Field {
	return Field{
		Name: "ticket", Label: "Ticket", Placeholder: "INC-10482", Problem: c.Problems.On("ticket"), Value: c.Ticket.Value,
		Optional: !c.Ticket.Required, Symbol: true, Limit: 100,
	}
}
