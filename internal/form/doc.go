// Package form describes a plug-in's settings so that one page can show and edit any of them.
//
// A Config struct says everything in its tags: yaml names a key, and further tags say what people read of it.
//
//	Period time.Duration `yaml:"period,omitempty" label:"Time a code is shown" help:"…" default:"30s" min:"15s" max:"60s"`
//
//	label    what the field is called                  help     one sentence or two, in plain words
//	default  what holds when the field is left empty   min max  bounds of a number or a time
//	options  the choices, separated by commas          lines    "true": a text of several lines
//	free     "true": may change while the secrets beside it stay; everything else asks for them again (see Field.Bound)
//	credential  "true": stands for a secret kept outside of the settings (see Field.Credential)
//
// A key without omitempty is required.
//
// Describe reads them, Fill gives what is set as the texts of a form, Read turns a posted form into values for the settings.
//
// Invariants:
//
//   - A key without a label or help is an error, and so is a type that no page can show: nothing is left out silently.
//   - No secret gets into a form. An empty secret field is read as Kept.
//   - What Fill gives, Read turns into what was set; what Fill cannot show so is an error. A switch that is off is left out.
//   - Nothing here checks what a plug-in means by its values: its own Validate does, and is the only one that does.
package form
