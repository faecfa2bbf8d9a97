package secret

// Ref says where a secret of the settings document is kept, so that no document or export ever holds one in the clear.
// Exactly one field is set.
type Ref struct {
	File   string `yaml:"file,omitempty" json:"file,omitempty"`     // path of a file that holds it; one trailing line end is cut
	Env    string `yaml:"env,omitempty" json:"env,omitempty"`       // name of an environment variable
	Sealed string `yaml:"sealed,omitempty" json:"sealed,omitempty"` // value sealed by the keyset (base64)
}

// IsZero reports whether nothing is referred to.
func (r Ref) IsZero() bool { return r == Ref{} }

// Resolver reads what a Ref points to. It is called when settings are compiled, so a changed file takes effect with the
// next settings version or restart.
type Resolver func(Ref) (Text, error)
