package settings

import (
	"errors"
	"fmt"
	"net/textproto"
	"time"

	"rekey/internal/site"
)

// Devices says how browsers and devices are known again.
type Devices struct {
	// Remember is how long a browser that finished an attempt is known; 0: 4320h. Forget: never.
	Remember time.Duration `yaml:"remember,omitempty"`
	Forget   bool          `yaml:"forget,omitempty"`
	// Managed is the header by which a trusted proxy says that the firm manages the device.
	Managed ManagedHeader `yaml:"managed,omitempty"`
}

// ManagedHeader is a header and the value that says yes.
type ManagedHeader struct {
	Header string `yaml:"header,omitempty"`
	Value  string `yaml:"value,omitempty"`
}

func (d Devices) rules() (site.DeviceRules, error) {
	const day = 24 * time.Hour
	r := site.DeviceRules{Remember: or(d.Remember, 180*day), ManagedHeader: d.Managed.Header, ManagedValue: d.Managed.Value}
	err := between("devices.remember", r.Remember, time.Hour, 400*day)
	if d.Forget {
		r.Remember = 0
	}
	if (r.ManagedHeader == "") != (r.ManagedValue == "") {
		err = errors.Join(err, errors.New("devices.managed: want a header and the value that says yes"))
	}
	if textproto.TrimString(r.ManagedHeader) != r.ManagedHeader || len(r.ManagedHeader) > 100 {
		err = errors.Join(err, fmt.Errorf("devices.managed.header: want a name such as X-Device-Managed, got %q", r.ManagedHeader))
	}
	return r, err
}
