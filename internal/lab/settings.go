package lab

import (
	"fmt"
	"net"
	"strings"

	"rekey/internal/lab/people"
)

// Directory is what the settings need to know of a domain.
type Directory struct {
	Domain, NetBIOS string
	URLs            []string
	CAFile          string
	User            string // DN of the service account
	PasswordFile    string
}

// Settings writes the demo's first settings document.
func Settings(dirs []Directory, smtp string) string {
	var b strings.Builder
	b.WriteString(`brand:
  name: Example Corp password help
  firm: Example Corp
  help_text: "Help desk: 4357, Mon–Fri 7–19"
  help_link: tel:4357
  product: Windows, mail and the office network

directories:
`)
	for _, d := range dirs {
		fmt.Fprintf(&b, `  - ad:
      domain: %s
      netbios: %s
      servers: [%s]
      ca_file: %s
      user: %q
      password: {file: %s}
      attributes: [department, l]
`, d.Domain, d.NetBIOS, strings.Join(d.URLs, ", "), d.CAFile, d.User, d.PasswordFile)
	}
	host, port, _ := net.SplitHostPort(smtp)
	fmt.Fprintf(&b, `
authenticators:
  passkey: {}
  totp: {}
  backup-code: {}
  mail:
    refuse_domains: [%s]

policies:
  - name: Board
    scope: {groups: ['CORP\Executives']}
    reset: {count: 2, any_of: [{n: 1, of: [passkey, totp]}]}
    password: {min_length: 14}
  - name: Contractors
    scope: {ous: [{dn: "OU=Contractors,OU=People,DC=corp,DC=example,DC=test"}]}
    actions: [unlock, change]
    reset: {count: 2}

defaults:
  corp.example.test:
    name: Everybody at Corp
    reset: {count: 2}
    password: {min_length: 10}
  sales.example.test:
    name: Everybody at Sales
    reset: {count: 2}

mail:
  host: %s
  port: %s
  security: plaintext
  from: Example Corp password help <noreply@example.test>

roles:
  - {role: owner, groups: ['CORP\Rekey Owners']}
  - {role: policy-admin, groups: ['CORP\Rekey Policy']}
  - role: help-desk # for everybody at Corp but the board
    groups: ['CORP\Service Desk']
    scope: {domains: [corp.example.test], exclude: {groups: ['CORP\Executives']}}
  - {role: auditor, groups: ['CORP\Rekey Audit']}
  - {role: reporter, groups: ['CORP\Rekey Reports']}

challenge: {show: never}

guide_networks: [127.0.0.0/8, "::1/128"]

lint:
  ignore: [length-under-15] # who tries the demo types passwords all day
`, strings.Join(ownMail(), ", "), host, port)
	return b.String()
}

// ownMail lists the firm's mail domains, the tenant's among them: their mailboxes open with the passwords that people lost.
func ownMail() []string { return []string{people.Corp.Name, people.Sales.Name, people.Cloud.Name} }

// texts lets the portal of the demo write to German mobile numbers over the lab's gateway.
func texts(gateway string) string {
	return fmt.Sprintf(`
sms:
  gateway:
    url: %s/messages
    headers: {Content-Type: application/json, Authorization: Bearer key}
    body: '{"from": "{{sender}}", "to": "{{number}}", "text": "{{text}}", "reference": "{{id}}"}'
    sender: Example
    success: {json: {messages.0.status: accepted}}
    receipt: messages.0.id
  home: DE
  spend: {day: {segments: 500}, month: {segments: 5000}}
`, gateway)
}
