package samba

import (
	"context"
	"fmt"
)

// Object is any object of the directory.
type Object struct {
	DN, Class  string
	Attributes map[string][]string
}

// Plant writes objects that only the directory itself writes otherwise, such as what another domain of the forest, a trust or a
// domain controller leaves. Nothing stands behind them: nobody signs in over such a trust.
func (d *Domain) Plant(ctx context.Context, objects ...Object) error {
	s := &sheet{scene: d.scene()}
	for _, o := range objects {
		s.add(o.DN, o.Class, o.Attributes)
	}
	if err := d.dcs[0].modify(ctx, s.lasting.Bytes(), "--relax"); err != nil {
		return fmt.Errorf("plant in %s: %w", d.Name(), err)
	}
	return nil
}
