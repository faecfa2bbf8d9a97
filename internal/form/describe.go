package form

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"rekey/internal/secret"
)

// Describe reads the fields of a plug-in's settings off its Config, a struct, in their order. Errors name the keys that say too little
// of themselves, and those of a type that no page can show.
func Describe(config any) ([]Field, error) {
	t := reflect.TypeOf(config)
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%T is no struct", config)
	}
	var d description
	d.structure(t, "")
	return d.fields, errors.Join(d.errs...)
}

type description struct {
	fields []Field
	errs   []error
}

func (d *description) structure(t reflect.Type, prefix string) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, rest, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || key == "-":
		case rest == "inline":
			d.structure(f.Type, prefix)
		case key == "":
			d.errs = append(d.errs, fmt.Errorf("%s.%s has no yaml key", t, f.Name))
		default:
			d.field(f, prefix+key, !strings.Contains(rest, "omitempty"))
		}
	}
}

func (d *description) field(f reflect.StructField, key string, required bool) {
	tag := f.Tag
	one := Field{
		Key: key, Label: tag.Get("label"), Help: tag.Get("help"), Default: tag.Get("default"), Min: tag.Get("min"), Max: tag.Get("max"),
		Lines: tag.Get("lines") == "true", Bound: tag.Get("free") != "true", Credential: tag.Get("credential") == "true",
		Kind: kindOf(f.Type),
	}
	if options := tag.Get("options"); options != "" && one.Kind == Text {
		one.Kind, one.Options = Choice, strings.Split(options, ",")
	}
	if one.Kind == "" {
		d.errs = append(d.errs, fmt.Errorf("%s: no page can show a %s", key, f.Type))
	}
	if one.Label == "" || one.Help == "" {
		d.errs = append(d.errs, fmt.Errorf("%s: say what it is: label, help", key))
	}
	one.Required = required && one.Kind != Group && one.Kind != Switch
	one.Whole = one.Kind == List && f.Type.Elem().Kind() != reflect.String
	one.Optional = one.Kind == Group && f.Type.Kind() == reflect.Pointer
	d.fields = append(d.fields, one)
	switch {
	case one.Optional:
		d.structure(f.Type.Elem(), key+".")
	case one.Kind == Group:
		d.structure(f.Type, key+".")
	}
}

func kindOf(t reflect.Type) Kind {
	switch t {
	case reflect.TypeFor[secret.Ref]():
		return Secret
	case reflect.TypeFor[map[string]secret.Ref]():
		return Secrets
	case reflect.TypeFor[map[string]string]():
		return Pairs
	case reflect.TypeFor[time.Duration]():
		return Duration
	case reflect.TypeFor[[]string](), reflect.TypeFor[[]int]():
		return List
	case reflect.TypeFor[time.Time]():
		return ""
	}
	switch t.Kind() {
	case reflect.String:
		return Text
	case reflect.Bool:
		return Switch
	case reflect.Int, reflect.Int64:
		return Number
	case reflect.Struct:
		return Group
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Struct {
			return Group
		}
	}
	return ""
}
