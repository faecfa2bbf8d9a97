package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"rekey/internal/authenticator"
	"rekey/internal/directory"
	"rekey/internal/factor"
	"rekey/internal/form"
	"rekey/internal/mail"
	"rekey/internal/policy"
	"rekey/internal/secret"
	"rekey/internal/site"
	"rekey/internal/sms"
)

// Registry lists the plug-ins that settings may name.
type Registry struct {
	// Directories by type.
	Directories map[string]DirectoryType
	// Methods, strongest first.
	Methods []MethodType
}

// Decode reads a plug-in's own settings strictly into its Config.
type Decode func(config any) error

// OpenDirectory makes a directory from its settings. It does not fail because a server is down.
type OpenDirectory func(Decode, Deps) (directory.Directory, error)

// DirectoryType is a type of directory. Config is the zero value of its settings, which describe themselves; see form.
type DirectoryType struct {
	Open   OpenDirectory
	Config any
}

// MethodType is a kind of authenticator and how to make it.
type MethodType struct {
	Kind   factor.Kind
	Open   func(Decode, Deps) (authenticator.Method, error)
	Config any
}

// Forms describe the settings of every plug-in, of mail and of the gateway for text messages, by where they stand in the document.
// Errors name what does not say enough of itself.
func (r Registry) Forms() (map[string][]form.Field, error) {
	configs := map[string]any{"mail": mail.Config{}, "sms.gateway": sms.Config{}}
	for kind, t := range r.Directories {
		configs["directories."+kind] = t.Config
	}
	for _, t := range r.Methods {
		configs["authenticators."+string(t.Kind)] = t.Config
	}
	out, errs := map[string][]form.Field{}, []error(nil)
	for _, path := range slices.Sorted(maps.Keys(configs)) {
		fields, err := form.Describe(configs[path])
		out[path] = fields
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		}
	}
	return out, errors.Join(errs...)
}

// Keys is what settings and methods need of the keyset.
type Keys interface {
	MAC(purpose string, data []byte) []byte
	Seal(purpose string, plain, context []byte) ([]byte, error)
	Open(purpose string, sealed, context []byte) ([]byte, error)
}

// Deps is what plug-ins may use.
type Deps struct {
	Keys      Keys
	Resolve   secret.Resolver
	Now       func() time.Time
	Log       *slog.Logger
	PublicURL string // origin, without a slash at the end
	Brand     site.Brand
	// Groups remembers memberships; used where the settings allow it.
	Groups directory.GroupCache
	// Geo is set where a database tells where addresses are, Proxies are those that are trusted: the linter asks.
	Geo     bool
	Proxies []netip.Prefix
	// Paint refuses brand colours that pages could not be read in; nil takes any.
	Paint func(color, dark string) error
}

// Compiled is a snapshot with what else a version decides.
type Compiled struct {
	Snapshot *site.Snapshot
	Document Document
	// made remembers what each directory was made from, so that the next version can keep what did not change.
	made map[string]recipe
}

// Compile checks a document that Parse read and builds its snapshot. All problems are reported at once, each with file, line and
// key. Directories of before whose settings and secrets did not change are kept, with their connections.
func Compile(d Document, version int64, r Registry, deps Deps, before *Compiled) (*Compiled, error) {
	c := &Compiled{Document: d, made: map[string]recipe{}, Snapshot: &site.Snapshot{Version: version}}
	deps.Resolve = Resolver(deps.Keys)
	var brand error
	c.Snapshot.Brand, brand = d.Brand.compile(deps.Paint)
	deps.Brand = c.Snapshot.Brand
	err := errors.Join(brand, c.limits(d, deps), c.challenge(d, deps.Resolve), d.mail(deps.Resolve), c.sms(d, deps.Resolve), c.messages(d), c.methods(d, r, deps), c.directories(d, r, deps, before))
	if err == nil { // policies name methods and directories, links name directories
		c.Snapshot.Policies, err = policy.Compile(d.Document, c.policyRegistry())
		err = errors.Join(err, c.links(d), c.roles(d))
	}
	if err != nil {
		c.closeBut(before)
		return nil, d.source.Locate(err)
	}
	if c.Snapshot.Sync.GroupsOnOutage {
		c.Snapshot.Groups = deps.Groups
	}
	for _, dir := range c.Snapshot.Directories {
		if namer, ok := dir.(directory.GroupNamer); ok {
			namer.NameGroups(slices.Concat(d.GroupNames(), d.roleGroups()))
		}
	}
	return c, nil
}

func (c *Compiled) limits(d Document, deps Deps) error {
	var f, s, g, y, v, a error
	c.Snapshot.Flow, f = d.Flow.limits()
	c.Snapshot.Session, s = d.Session.limits()
	c.Snapshot.Guide, g = d.guide()
	c.Snapshot.Sync, y = d.Sync.rules()
	c.Snapshot.Devices, v = d.Devices.rules()
	c.Snapshot.Console, a = d.Console.limits()
	if a == nil {
		c.Snapshot.Console.SignIn, a = d.Console.signIn(deps)
	}
	c.Snapshot.Throttle = d.Throttle.WithDefaults()
	return errors.Join(f, s, g, y, v, a, c.Snapshot.Throttle.Validate(), d.Discovery.validate(), errors.Join(d.Lint.Validate("lint")...))
}

func (c *Compiled) challenge(d Document, resolve secret.Resolver) (err error) {
	c.Snapshot.Challenge, err = d.Challenge.Compile(resolve, func(network string) bool { _, ok := d.Networks[network]; return ok })
	return err
}

// mail checks what the sender will use once the version is in force.
func (d Document) mail(resolve secret.Resolver) error {
	if err := d.Mail.Validate(); err != nil || d.Mail.Password.IsZero() {
		return err
	}
	if _, err := resolve(d.Mail.Password); err != nil {
		return fmt.Errorf("mail.password: %w", err)
	}
	return nil
}

func (c *Compiled) methods(d Document, r Registry, deps Deps) error {
	c.Snapshot.Methods = map[factor.Kind]authenticator.Method{}
	var errs []error
	for _, t := range r.Methods {
		node, on := d.Authenticators[string(t.Kind)]
		if !on {
			continue
		}
		m, err := t.Open(d.decoder(node), deps)
		if err != nil {
			errs = append(errs, below("authenticators."+string(t.Kind), err))
			continue
		}
		c.Snapshot.Methods[t.Kind] = m
		c.Snapshot.Order = append(c.Snapshot.Order, t.Kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(d.Authenticators)) {
		if !r.knows(factor.Kind(kind)) {
			errs = append(errs, fmt.Errorf("authenticators.%s: no such kind", kind))
		}
	}
	if len(c.Snapshot.Order) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("authenticators: none is switched on"))
	}
	return errors.Join(errs...)
}

func (r Registry) knows(k factor.Kind) bool {
	for _, t := range r.Methods {
		if t.Kind == k {
			return true
		}
	}
	return false
}

func (c *Compiled) policyRegistry() policy.Registry {
	var r policy.Registry
	for _, k := range c.Snapshot.Order {
		r.Kinds = append(r.Kinds, c.Snapshot.Methods[k].Traits())
	}
	for _, d := range c.Snapshot.Directories {
		r.Directories = append(r.Directories, d.Key())
	}
	return r
}

// below puts a path before each of a plug-in's errors.
func below(path string, err error) error {
	many, ok := err.(interface{ Unwrap() []error }) // what errors.Join made itself, not what is within
	if !ok {
		return fmt.Errorf("%s: %w", path, err)
	}
	var each []error
	for _, e := range many.Unwrap() {
		each = append(each, below(path, e))
	}
	return errors.Join(each...)
}

// decoder reads a plug-in's part strictly; an empty one leaves the defaults.
func (d Document) decoder(node ast.Node) Decode {
	return func(config any) error { return d.source.DecodeNode(node, config) }
}
