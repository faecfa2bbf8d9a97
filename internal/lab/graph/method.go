package graph

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// phoneIDs are the same for everybody.
var phoneIDs = map[string]string{
	"mobile": "3179e48a-750b-4051-897c-87b9720928f7", "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41", "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
}

// complete fills in what may be left empty.
func (m Method) complete(now time.Time) Method {
	if m.Kind == PhoneMethod {
		m.Phone = cmp.Or(m.Phone, "mobile")
		m.ID = cmp.Or(m.ID, phoneIDs[m.Phone])
	}
	m.ID = cmp.Or(m.ID, uuid.NewString())
	if m.Created.IsZero() {
		m.Created = now
	}
	return m
}

const (
	readMethods  = "UserAuthenticationMethod.Read.All"
	writeMethods = "UserAuthenticationMethod.ReadWrite.All"
	// passwordMethod is the id of everybody's password among the methods.
	passwordMethod = "28c10230-6103-485e-b985-444c60001490"
)

var readRegistration = []string{"AuditLog.Read.All"}

var methodRoutes = []route{
	{pattern: "GET /v1.0/users/{id}/authentication/methods", allow: []string{readMethods, writeMethods}, do: allMethods},
	methodRoute(PhoneMethod, "UserAuthMethod-Phone.Read.All"),
	methodRoute(EmailMethod, "UserAuthMethod-Email.Read.All"),
	methodRoute(FIDO2Method, "UserAuthMethod-Passkey.Read.All"),
	methodRoute(OATHMethod, "UserAuthMethod-SoftwareOATH.Read.All"),
	methodRoute(AuthenticatorMethod, "UserAuthMethod-MicrosoftAuthApp.Read.All"),
	{pattern: "GET /v1.0/reports/authenticationMethods/userRegistrationDetails", allow: readRegistration, do: listRegistrations},
	{pattern: "GET /v1.0/reports/authenticationMethods/userRegistrationDetails/{id}", allow: readRegistration, do: getRegistration},
}

func methodRoute(kind MethodKind, permission string) route {
	return route{
		pattern: "GET /v1.0/users/{id}/authentication/" + string(kind), allow: []string{permission, readMethods, writeMethods},
		do: func(c *call) (reply, error) { return c.methods(kind) },
	}
}

// methodTypes are the names of the kinds on the wire.
var methodTypes = map[MethodKind]string{
	PhoneMethod: "phoneAuthenticationMethod", EmailMethod: "emailAuthenticationMethod", FIDO2Method: "fido2AuthenticationMethod",
	OATHMethod: "softwareOathAuthenticationMethod", AuthenticatorMethod: "microsoftAuthenticatorAuthenticationMethod",
}

func (m Method) object() map[string]any {
	switch m.Kind {
	case PhoneMethod:
		return map[string]any{"id": m.ID, "phoneNumber": m.Value, "phoneType": m.Phone, "smsSignInState": "notEnabled", "createdDateTime": nil}
	case EmailMethod:
		return map[string]any{"id": m.ID, "emailAddress": m.Value, "createdDateTime": nil}
	case FIDO2Method:
		return map[string]any{
			"id": m.ID, "displayName": m.Value, "createdDateTime": wireTime(m.Created), "aaGuid": "2fc0579f-8113-47ea-b116-555a8db9202a", "model": "NFC key",
			"attestationCertificates": []string{}, "attestationLevel": "attested",
		}
	case OATHMethod:
		return map[string]any{"id": m.ID, "secretKey": nil, "createdDateTime": wireTime(m.Created)}
	}
	return map[string]any{"id": m.ID, "displayName": m.Value, "deviceTag": "SoftwareTokenActivated", "phoneAppVersion": "6.2001.0140", "createdDateTime": wireTime(m.Created)}
}

// methods lists one kind.
func (c *call) methods(kind MethodKind) (reply, error) {
	row, err := c.methodOwner()
	if err != nil {
		return reply{}, err
	}
	list := []map[string]any{}
	for _, m := range row.cur.Methods {
		if m.Kind == kind {
			list = append(list, m.object())
		}
	}
	return answer(map[string]any{"@odata.context": c.context("users('" + row.cur.ID + "')/authentication/" + string(kind)), "value": list})
}

// methodOwner is the user; neither $filter nor $select is taken here.
func (c *call) methodOwner() (*userRow, error) {
	if q := c.r.URL.Query(); q.Has("$filter") || q.Has("$select") {
		return nil, refuse(http.StatusBadRequest, "BadRequest", "Query option is not allowed.")
	}
	return c.user()
}

func allMethods(c *call) (reply, error) {
	row, err := c.methodOwner()
	if err != nil {
		return reply{}, err
	}
	list := []map[string]any{{"@odata.type": "#microsoft.graph.passwordAuthenticationMethod", "id": passwordMethod, "password": nil, "createdDateTime": wireTime(row.cur.PasswordChanged)}}
	for _, m := range row.cur.Methods {
		object := m.object()
		object["@odata.type"] = "#microsoft.graph." + methodTypes[m.Kind]
		list = append(list, object)
	}
	return answer(map[string]any{"@odata.context": c.context("users('" + row.cur.ID + "')/authentication/methods"), "value": list})
}

// registered are the report's names of what somebody has registered.
func (u *User) registered() []string {
	names := []string{}
	for _, m := range u.Methods {
		switch m.Kind {
		case PhoneMethod:
			names = append(names, map[string]string{"mobile": "mobilePhone", "alternateMobile": "alternateMobilePhone", "office": "officePhone"}[m.Phone])
		case EmailMethod:
			names = append(names, "email")
		case FIDO2Method:
			names = append(names, "fido2SecurityKey")
		case OATHMethod:
			names = append(names, "softwareOneTimePasscode")
		case AuthenticatorMethod:
			names = append(names, "microsoftAuthenticatorPush")
		}
	}
	return names
}

func (c *call) registration(u *User) map[string]any {
	names := u.registered()
	forReset := slices.ContainsFunc(names, func(n string) bool { return n != "fido2SecurityKey" })
	forMFA := slices.ContainsFunc(names, func(n string) bool { return n != "email" })
	return map[string]any{
		"id": u.ID, "userPrincipalName": u.UserPrincipalName, "userDisplayName": u.DisplayName, "userType": strings.ToLower(userType(u)),
		"isAdmin": len(c.t.store.rolesOf(u.ID)) > 0, "isSsprRegistered": forReset, "isSsprEnabled": false, "isSsprCapable": false,
		"isMfaRegistered": forMFA, "isMfaCapable": forMFA, "isPasswordlessCapable": slices.Contains(names, "fido2SecurityKey"), "methodsRegistered": names,
		"isSystemPreferredAuthenticationMethodEnabled": false, "systemPreferredAuthenticationMethods": []string{},
		"userPreferredMethodForSecondaryAuthentication": "none", "lastUpdatedDateTime": c.now.UTC().Format("2006-01-02T15:04:05.0000000Z"),
	}
}

// licensed refuses the report without P1.
func (c *call) licensed() error {
	if c.t.spec.Free {
		return refuse(http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
	}
	return nil
}

func listRegistrations(c *call) (reply, error) {
	if err := c.licensed(); err != nil {
		return reply{}, err
	}
	filter, err := plainFilter(c, "userPrincipalName", "isAdmin", "isSsprRegistered", "isMfaRegistered", "methodsRegistered")
	if err != nil {
		return reply{}, err
	}
	var list []map[string]any
	for _, row := range c.t.store.order {
		if row.cur.gone != present {
			continue
		}
		if object := c.registration(row.cur); matchesObject(filter, object) {
			list = append(list, object)
		}
	}
	return c.paged(list, "reports/authenticationMethods/userRegistrationDetail")
}

func getRegistration(c *call) (reply, error) {
	if err := c.licensed(); err != nil {
		return reply{}, err
	}
	row, err := c.user()
	if err != nil {
		return reply{}, err
	}
	out := c.registration(row.cur)
	out["@odata.context"] = c.context("reports/authenticationMethods/userRegistrationDetails/$entity")
	return answer(out)
}
