package app

import (
	"rekey/internal/authenticator"
	"rekey/internal/authenticator/backupcode"
	"rekey/internal/authenticator/mailcode"
	"rekey/internal/authenticator/pass"
	"rekey/internal/authenticator/passkey"
	"rekey/internal/authenticator/totp"
	"rekey/internal/directory"
	"rekey/internal/directory/ad"
	"rekey/internal/directory/entra"
	"rekey/internal/directory/openldap"
	"rekey/internal/factor"
	"rekey/internal/settings"
)

// Registry lists every plug-in: one line each.
func Registry() settings.Registry {
	return settings.Registry{
		Directories: map[string]settings.DirectoryType{
			"ad":    {Open: openAD, Config: ad.Config{}},
			"entra": {Open: openEntra, Config: entra.Config{}},
			"ldap":  {Open: openLDAP, Config: openldap.Config{}},
		},
		Methods: []settings.MethodType{ // strongest first
			{Kind: factor.Passkey, Open: openPasskey, Config: passkey.Config{}},
			{Kind: factor.TOTP, Open: openTOTP, Config: totp.Config{}},
			{Kind: factor.BackupCode, Open: openBackupCode, Config: backupcode.Config{}},
			{Kind: factor.Pass, Open: openPass, Config: pass.Config{}},
			{Kind: factor.Mail, Open: openMail, Config: mailcode.Config{}},
		},
	}
}

func openAD(decode settings.Decode, d settings.Deps) (directory.Directory, error) {
	var c ad.Config
	if err := decode(&c); err != nil {
		return nil, err
	}
	return ad.Open(c, ad.Deps{Resolve: d.Resolve, Now: d.Now, Log: d.Log})
}

func openEntra(decode settings.Decode, d settings.Deps) (directory.Directory, error) {
	var c entra.Config
	if err := decode(&c); err != nil {
		return nil, err
	}
	return entra.Open(c, entra.Deps{Resolve: d.Resolve, Now: d.Now, Log: d.Log})
}

func openLDAP(decode settings.Decode, d settings.Deps) (directory.Directory, error) {
	var c openldap.Config
	if err := decode(&c); err != nil {
		return nil, err
	}
	return openldap.Open(c, openldap.Deps{Resolve: d.Resolve, Now: d.Now, Log: d.Log})
}

func openPasskey(decode settings.Decode, d settings.Deps) (authenticator.Method, error) {
	c := passkey.Config{Origin: d.PublicURL, Name: d.Brand.Name}
	if err := decode(&c); err != nil {
		return nil, err
	}
	return passkey.Open(c, passkey.Deps{})
}

func openTOTP(decode settings.Decode, d settings.Deps) (authenticator.Method, error) {
	c := totp.Config{Issuer: d.Brand.Firm}
	if err := decode(&c); err != nil {
		return nil, err
	}
	return totp.Open(c, totp.Deps{})
}

func openBackupCode(decode settings.Decode, _ settings.Deps) (authenticator.Method, error) {
	var c backupcode.Config
	if err := decode(&c); err != nil {
		return nil, err
	}
	return backupcode.Open(c, backupcode.Deps{})
}

func openPass(decode settings.Decode, d settings.Deps) (authenticator.Method, error) {
	var c pass.Config
	if err := decode(&c); err != nil {
		return nil, err
	}
	return pass.Open(c, pass.Deps{MAC: d.Keys.MAC})
}

func openMail(decode settings.Decode, d settings.Deps) (authenticator.Method, error) {
	var c mailcode.Config
	if err := decode(&c); err != nil {
		return nil, err
	}
	return mailcode.Open(c, mailcode.Deps{MAC: d.Keys.MAC})
}
