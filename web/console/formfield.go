package console

// FormField is one key of a plug-in's settings in a form; see FormFields.
type FormField struct {
	Field
	Kind     FormKind
	On       bool // of a switch or an optional group
	Options  []Option
	Rows     int // of a text of several lines
	Required bool
	Saved    string       // where a secret is kept; empty: there is none
	Secrets  []NamedField // saved ones, by name
	New      NamedField   // and one more: its name and value are fields of their own
}

// NamedField is a secret with its name.
type NamedField struct {
	Name   Field // of New; else its Label says which it is
	Value  Field
	Saved  string
	Remove string // name of the box that takes it away
}

// FormKind is how a field is drawn.
type FormKind string

// The kinds.
const (
	AsText    FormKind = "text"
	AsArea    FormKind = "area"
	AsChoice  FormKind = "choice"
	AsSwitch  FormKind = "switch"
	AsSecret  FormKind = "secret"
	AsSecrets FormKind = "secrets"
	AsGroup   FormKind = "group"
)

func (f FormField) removable() bool { return f.Saved != "" && !f.Required }
