package browser

import (
	"maps"
	"slices"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
)

// emulate makes the tab what the options say.
func (p *Page) emulate(o Options) error {
	version, err := chromedp.CallBrowser(p.ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Zone == "" {
		o.Zone = "UTC"
	}
	// Hidden tabs do not take the focus, and several tests share the window.
	_, err = chromedp.Call(p.ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(p.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: version.UserAgent, AcceptLanguage: o.Language,
	})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(p.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: o.Zone})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.NoScript})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(p.ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: o.Stranger})
	if err != nil {
		return err
	}
	if len(o.Headers) > 0 {
		headers := network.Headers{}
		for name, value := range o.Headers {
			headers[name] = value
		}
		if _, err := chromedp.Call(p.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers}); err != nil {
			return err
		}
	}
	if err := p.prefer(o); err != nil {
		return err
	}
	return p.resize(o)
}

func (p *Page) prefer(o Options) error {
	scheme := "light"
	if o.Dark {
		scheme = "dark"
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	for _, name := range slices.Sorted(maps.Keys(o.Media)) {
		features = append(features, &emulation.MediaFeature{Name: name, Value: o.Media[name]})
	}
	media := ""
	if o.Print {
		media = "print"
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media, Features: features})
	return err
}

func (p *Page) resize(o Options) error {
	width, height := int64(1360), int64(900)
	if o.Phone {
		width, height = 390, 844
	}
	if o.Width > 0 {
		width = int64(o.Width)
	}
	_, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: o.Phone,
	})
	if err != nil {
		return err
	}
	_, err = chromedp.Call(p.ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: o.Phone})
	return err
}
