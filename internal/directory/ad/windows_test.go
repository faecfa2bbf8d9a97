package ad_test

import (
	"bufio"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"rekey/internal/account"
	"rekey/internal/directory/ad"
	"rekey/internal/secret"
)

// windows speaks as a Windows domain controller where Samba does not: a scripted server with one account.
type windows struct {
	listener net.Listener
	caFile   string
	wg       sync.WaitGroup

	mu       sync.Mutex
	hide     []string                           // attributes that may not be read
	rootDSE  map[string][]string                // added to the usual
	modified func() (uint16, string)            // answers a modification; nil: success
	bound    func(user string) (uint16, string) // answers a bind; nil: success
	requests []*ber.Packet                      // modifications
	binds    int
}

const object = "00112233-4455-6677-8899-aabbccddeeff"

func guidBytes() string {
	b, _ := hex.DecodeString("33221100554477668899aabbccddeeff")
	return string(b)
}

func sidBytes() string {
	b, _ := hex.DecodeString("010500000000000515000000a065cf7e784b9b5fe77c8770f4010000")
	return string(b)
}

func newWindows(t testing.TB) *windows {
	t.Helper()
	cert := httptest.NewTLSServer(nil) // for its certificate
	defer cert.Close()
	w := &windows{caFile: filepath.Join(t.TempDir(), "ca.pem")}
	if err := os.WriteFile(w.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: cert.TLS.Certificates, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	w.listener = l
	w.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.wg.Go(func() { w.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.wg.Wait()
	})
	return w
}

// open is closed before the server is, which waits for its connections.
func (w *windows) open(t testing.TB) *ad.Directory {
	t.Helper()
	return opened(t, ad.Config{
		Domain: "corp.example.test", NetBIOS: "CORP", Servers: []string{"ldaps://" + w.listener.Addr().String()}, CAFile: w.caFile,
		User: "svc@corp.example.test", Password: secret.Ref{Env: "X"}, ConnectTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
	}, deps(t, "service"))
}

func (w *windows) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		m, err := ber.ReadPacket(in)
		if err != nil {
			return
		}
		for _, answer := range w.answer(m) {
			p := ber.NewSequence("")
			p.AppendChild(m.Children[0])
			p.AppendChild(answer)
			_, _ = c.Write(p.Bytes())
		}
	}
}

func (w *windows) answer(m *ber.Packet) []*ber.Packet {
	w.mu.Lock()
	defer w.mu.Unlock()
	op := m.Children[1]
	switch op.Tag {
	case ldap.ApplicationBindRequest:
		w.binds++
		if w.bound != nil {
			return []*ber.Packet{result(ldap.ApplicationBindResponse)(w.bound(op.Children[1].Data.String()))}
		}
		return []*ber.Packet{result(ldap.ApplicationBindResponse)(0, "")}
	case ldap.ApplicationSearchRequest:
		return append(w.found(op.Children[0].Data.String()), result(ldap.ApplicationSearchResultDone)(0, ""))
	case ldap.ApplicationModifyRequest:
		w.requests = append(w.requests, m)
		if w.modified != nil {
			return []*ber.Packet{result(ldap.ApplicationModifyResponse)(w.modified())}
		}
		return []*ber.Packet{result(ldap.ApplicationModifyResponse)(0, "")}
	}
	return nil
}

func result(tag ber.Tag) func(code uint16, diagnostic string) *ber.Packet {
	return func(code uint16, diagnostic string) *ber.Packet {
		r := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
		r.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
		r.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
		r.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, diagnostic, ""))
		return r
	}
}

// found answers a search by its base.
func (w *windows) found(base string) []*ber.Packet {
	const root = "DC=corp,DC=example,DC=test"
	attributes := map[string][]string{
		"objectGUID": {guidBytes()}, "objectSid": {sidBytes()}, "sAMAccountName": {"jdoe"}, "userPrincipalName": {"jdoe@corp.example.test"},
		"displayName": {"Jane Doe"}, "userAccountControl": {"512"}, "msDS-User-Account-Control-Computed": {"0"}, "tokenGroups": {sidBytes()},
		"pwdLastSet": {"133485408000000000"}, "msDS-UserPasswordExpiryTimeComputed": {"9223372036854775807"}, "badPwdCount": {"0"},
	}
	dn := "CN=Jane,OU=People," + root
	switch base {
	case "":
		dn, attributes = "", map[string][]string{
			"defaultNamingContext": {root}, "configurationNamingContext": {"CN=Configuration," + root}, "isSynchronized": {"TRUE"},
			"supportedControl": {"1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"}, "domainFunctionality": {"7"},
		}
		for name, values := range w.rootDSE {
			attributes[name] = values
		}
	case root:
		dn, attributes = root, map[string][]string{
			"objectSid": {sidBytes()}, "minPwdLength": {"8"}, "pwdProperties": {"1"}, "pwdHistoryLength": {"24"}, "minPwdAge": {"0"},
			"lockoutThreshold": {"5"}, "lockoutDuration": {"-18000000000"}, "lockOutObservationWindow": {"-18000000000"},
			"objectGUID": {guidBytes()}, // a search from here on finds the account
		}
	}
	e := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	e.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, dn, ""))
	list := ber.NewSequence("")
	for name, values := range attributes {
		if slices.Contains(w.hide, name) {
			continue
		}
		a, set := ber.NewSequence(""), ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		a.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, name, ""))
		for _, v := range values {
			set.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, v, ""))
		}
		a.AppendChild(set)
		list.AppendChild(a)
	}
	e.AppendChild(list)
	return []*ber.Packet{e}
}

func jane() account.ID { return account.ID{Directory: "corp.example.test", Object: object} }
