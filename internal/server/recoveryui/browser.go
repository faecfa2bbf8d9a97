package recoveryui

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"rekey/internal/flow"
	"rekey/internal/policy"
	"rekey/internal/recovery"
	"rekey/internal/server"
)

// Sealer seals what browsers keep.
type Sealer interface {
	Seal(purpose string, plain, context []byte) ([]byte, error)
	Open(purpose string, sealed, context []byte) ([]byte, error)
}

const (
	sealBrowser  = "browser"
	mostFinished = 8    // accounts one browser is known for
	longest      = 4000 // letters of a cookie that browsers keep for sure
)

// finished reads which attempts this browser finished. What is not ours, or too old, is as if it were not there.
func (u *UI) finished(r *http.Request) []recovery.Finished {
	life := u.Site().Devices.Remember
	text := u.Browser.Get(r)
	if life <= 0 || text == "" || len(text) > longest {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	plain, err := u.Keys.Open(sealBrowser, sealed, nil)
	if err != nil {
		return nil
	}
	var all []recovery.Finished
	if err := json.Unmarshal(plain, &all); err != nil {
		return nil
	}
	now := u.Now()
	return slices.DeleteFunc(all, func(f recovery.Finished) bool { return now.Sub(f.At) > life })
}

// remember lets the browser keep that it finished an attempt: of several of one account the last, of several accounts the newest.
func (u *UI) remember(w http.ResponseWriter, r *http.Request, f flow.Flow) error {
	life := u.Site().Devices.Remember
	if life <= 0 || f.Stage != flow.Done || f.Partial() || f.Account.IsZero() {
		return nil
	}
	this := recovery.Finished{Account: f.Account.String(), At: f.Ended.UTC().Truncate(time.Second)}
	before := u.finished(r)
	if slices.Contains(before, this) {
		return nil
	}
	all := []recovery.Finished{this}
	for _, b := range before {
		if b.Account != this.Account && len(all) < mostFinished {
			all = append(all, b)
		}
	}
	plain, err := json.Marshal(all)
	if err != nil {
		return err
	}
	sealed, err := u.Keys.Seal(sealBrowser, plain, nil)
	if err != nil {
		return err
	}
	u.Browser.Keep(w, base64.RawURLEncoding.EncodeToString(sealed), life)
	return nil
}

// visitor tells where a request comes from, with what policies ask about the device.
func (u *UI) visitor(r *http.Request) recovery.Source {
	from := source(r)
	from.Known, from.Managed, from.Platform = u.finished(r), u.managed(r), server.Platform(r)
	return from
}

// managed tells whether the firm manages the device, which its proxy says after it saw a client certificate or asked the manager.
func (u *UI) managed(r *http.Request) policy.Tristate {
	d := u.Site().Devices
	if d.ManagedHeader == "" {
		return policy.Unknown
	}
	value, _ := server.FromProxy(r, d.ManagedHeader)
	if subtle.ConstantTimeCompare([]byte(value), []byte(d.ManagedValue)) == 1 {
		return policy.Yes
	}
	return policy.No
}
