package console

// Picker chooses groups, units or people out of many by searching for them. What is chosen is sent in the field Name, once for
// each; what is searched for in <Name>.q. Without the script a button sends the form with do=<Name>.find:, and the page comes
// back with Found, whose buttons send do=<Name>.pick:<value>.
type Picker struct {
	Field
	Chosen []Choice
	Query  string
	Found  []Choice
	Asked  bool   // a search was made; with nothing found that is said
	URL    string // GET ?q= answers with Results.Show; empty: without htmx only
	One    bool   // a new choice takes the place of the old
}

// Choice is something that can be picked.
type Choice struct {
	Value, Label string
	Below        string // what tells two of a name apart: the path, the address
}

// Results is what a search of a Picker found, alone: the answer to its URL.
type Results struct {
	Name  string // the Picker's
	Found []Choice
	More  bool // there are more than are shown
}
