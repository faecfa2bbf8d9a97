// Package locale holds every text people read, in every language, and speaks it.
//
// Texts live in text/<area>.<language>.json, one flat map from key to text. A text may hold fields, written {{.Name}}: plain
// substitution, no template actions, so that a translator cannot write code. A key that counts something holds CLDR plural
// forms instead of a string:
//
//	{"choose.title": "How do you want to prove it is you?",
//	 "choose.lede": {"one": "You need one way.", "other": "You need {{.Count}} ways."}}
//
// English is complete; what another language lacks is shown in English, and a test reports it.
package locale
