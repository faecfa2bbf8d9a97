// Package formview draws the settings of any plug-in as a form, from its description.
package formview

import (
	"net/url"
	"strings"

	"rekey/internal/form"
	"rekey/web/component"
	view "rekey/web/console"
)

// Remove is the suffix of the boxes that take a saved secret away.
const Remove = form.Remove

// Of makes the fields of a form that shows values: those of form.Fill, or what was posted with what Fill says of saved secrets. off shows
// them without letting anybody change them.
func Of(fields []form.Field, values url.Values, problems component.Problems, off bool) []view.FormField {
	out := make([]view.FormField, 0, len(fields))
	for _, f := range fields {
		v := view.FormField{
			Field: view.Field{
				Name: f.Key, Label: f.Label, Hint: hint(f), Problem: problems.On(f.Key), Value: values.Get(f.Key), Placeholder: f.Default,
				Optional: !f.Required, Off: off, Symbol: f.Kind != form.Text || f.Lines,
			},
			Required: f.Required, Saved: values.Get(f.Key + form.Saved), On: values.Get(f.Key) == "on",
		}
		shape(&v, f, values, off)
		out = append(out, v)
	}
	return out
}

// shape gives a field its kind.
func shape(v *view.FormField, f form.Field, values url.Values, off bool) {
	switch f.Kind {
	case form.Choice:
		v.Kind, v.Optional, v.Options = view.AsChoice, false, options(f)
	case form.Switch:
		v.Kind, v.Optional = view.AsSwitch, false
	case form.List, form.Pairs:
		v.Kind, v.Rows = view.AsArea, 4
	case form.Secret:
		v.Kind, v.Value = view.AsSecret, ""
	case form.Secrets:
		v.Kind, v.Saved = view.AsSecrets, ""
		v.Secrets = saved(f, values, off)
		v.New = view.NamedField{
			Name:  view.Field{Name: f.Key + form.Name, Label: "Name of a new secret", Value: values.Get(f.Key + form.Name), Optional: true, Symbol: true, Problem: v.Problem},
			Value: view.Field{Name: f.Key + form.Value, Label: "Its value", Optional: true, Symbol: true},
		}
	case form.Group:
		v.Kind, v.Optional = view.AsGroup, false
		if !f.Optional {
			v.Name = ""
		}
	case form.Number:
		v.InputMode = "numeric"
	case form.Text, form.Duration:
		if f.Lines {
			v.Kind, v.Rows = view.AsArea, 8
		}
	}
}

// hint says what a field is, and what holds without it.
func hint(f form.Field) string {
	if f.Default == "" || f.Kind == form.Choice {
		return f.Help
	}
	return f.Help + " Left empty: " + f.Default + "."
}

func options(f form.Field) []view.Option {
	none := "As usual"
	if f.Default != "" {
		none += ": " + f.Default
	}
	out := []view.Option{{Label: none}}
	for _, o := range f.Options {
		out = append(out, view.Option{Value: o, Label: o})
	}
	return out
}

func saved(f form.Field, values url.Values, off bool) []view.NamedField {
	var out []view.NamedField
	for _, name := range values[f.Key+form.Saved] {
		key := f.Key + "." + name
		out = append(out, view.NamedField{
			Value:  view.Field{Name: key, Label: name, Symbol: true, Off: off},
			Saved:  values.Get(key + form.Saved),
			Remove: key + form.Remove,
		})
	}
	return out
}

// Typed is what was posted, with what is known of saved secrets and without those that were typed: for a form that is shown again.
func Typed(fields []form.Field, posted, filled url.Values) url.Values {
	out := url.Values{}
	for key, values := range posted {
		out[key] = values
	}
	for key, values := range filled {
		if strings.HasSuffix(key, form.Saved) {
			out[key] = values
		}
	}
	for _, f := range fields {
		switch f.Kind {
		case form.Secret:
			out.Del(f.Key)
		case form.Secrets:
			out.Del(f.Key + form.Value)
			for _, name := range filled[f.Key+form.Saved] {
				out.Del(f.Key + "." + name)
			}
		case form.Text, form.Number, form.Switch, form.Choice, form.List, form.Pairs, form.Duration, form.Group:
		}
	}
	return out
}

// Problems puts what is wrong with a form where its fields are.
func Problems(err form.Problems) component.Problems {
	out := make(component.Problems, len(err))
	for i, p := range err {
		out[i] = component.Problem{Field: p.Key, Text: p.Label + ": " + p.Text}
	}
	return out
}
