package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"rekey/internal/audit"
	"rekey/internal/evidence"
	"rekey/internal/factor"
	"rekey/internal/keyset"
	lab "rekey/internal/lab/postgres"
	"rekey/internal/postgres"
)

// audit fills a log and searches it by every filter and the pairs people use.
func (o Options) audit(ctx context.Context, r *Report, n amounts) (err error) {
	c, err := lab.Start(ctx, lab.Options{Settings: map[string]string{
		"shared_buffers": "1GB", "max_wal_size": "8GB", "maintenance_work_mem": "512MB", "work_mem": "16MB", "jit": "off",
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.CreateDatabase(ctx, "audit", ""); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, c.URL("audit")); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, c.URL("audit"))
	if err != nil {
		return err
	}
	defer pool.Close()
	keys, err := keyset.Load(ctx, postgres.NewKeyStore(pool), make([]byte, keyset.KEKSize))
	if err != nil {
		return err
	}
	store, err := postgres.New(pool, keys, time.Now)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := seedAudit(ctx, pool, n.records, func(done int) { o.say("%d of %d audit records …", done, n.records) }); err != nil {
		return err
	}
	part := "audit search, " + figure(float64(n.records)/1e6) + " million records"
	r.add(Line{Part: part, Name: "time to make them", Unit: "s"}, time.Since(began).Seconds())
	all := 0
	for _, s := range auditSearches(n.records) {
		found, err := s.measure(ctx, r, store, part, n.searches)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all += found
	}
	if all == 0 {
		return errors.New("no search found a record")
	}
	return nil
}

// auditSearch is one kind of search; query gives the i-th of it.
type auditSearch struct {
	name  string
	query func(i int) evidence.Query
}

func auditSearches(records int) []auditSearch {
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	day := func(i int) time.Time { return start.AddDate(0, 0, i*37%auditDays) }
	person := func(i int) string { return fmt.Sprintf("person%d", i*7919%auditPeople) }
	policy := func(i int) []string { return []string{fmt.Sprintf("Policy %d", i%auditPolicies)} }
	version := func(i int) int64 { return int64(1 + i*13%auditVersions) }
	method := func(i int) []factor.Kind { return []factor.Kind{factor.Kind(fmt.Sprintf("method-%d", i%10))} }
	names := []audit.Name{audit.FlowStarted, audit.ProofRejected, audit.WriteDone, audit.WriteRejected, audit.MethodAdded, audit.AccountUnblocked, audit.FlowExpired}
	name := func(i int) []audit.Name { return names[i%len(names) : i%len(names)+1] }
	outcomes := []audit.Outcome{audit.OK, audit.Refused, audit.Failed}
	outcome := func(i int) []audit.Outcome { return outcomes[i%3 : i%3+1] }
	office := netip.MustParsePrefix("198.51.100.7/32")
	address := func(i int) netip.Prefix {
		if i%4 == 0 {
			return office // three in ten records
		}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i * 7 % 200), byte(i % 250), byte(i * 3 % 250)}), 32)
	}
	network := func(i int) netip.Prefix {
		if i%4 == 0 {
			return netip.MustParsePrefix("203.0.113.0/24") // three in ten records, of twenty machines
		}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i % 200), 0, 0}), 16)
	}
	type q = evidence.Query
	return []auditSearch{
		{"everything", func(int) q { return q{} }},
		{"by person", func(i int) q { return q{Person: person(i)} }},
		{"by administrator", func(i int) q { return q{By: fmt.Sprint("admin", i%12)} }},
		{"by role", func(int) q { return q{Role: "help-desk"} }},
		{"by event", func(i int) q { return q{Names: name(i)} }},
		{"by outcome", func(i int) q { return q{Outcomes: outcome(i)} }},
		{"by method", func(i int) q { return q{Factors: method(i)} }},
		{"by policy", func(i int) q { return q{Policies: policy(i)} }},
		{"by a policy of the past", func(int) q { return q{Policies: policy(0)} }},
		{"by settings version", func(i int) q { return q{Settings: version(i)} }},
		{"by address", func(i int) q { return q{Addresses: address(i)} }},
		{"by network", func(i int) q { return q{Addresses: network(i)} }},
		{"by ticket", func(i int) q { return q{Ticket: fmt.Sprint("INC-", i*997%(records/50))} }},
		{"by flow", func(i int) q { return q{Flow: fmt.Sprint("flow-", i*9973%(records/auditSteps))} }},
		{"by a day", func(i int) q { return q{From: day(i), Until: day(i).AddDate(0, 0, 1)} }},
		{"by a month", func(i int) q { return q{From: day(i), Until: day(i).AddDate(0, 1, 0)} }},
		{"event and outcome", func(i int) q { return q{Names: name(i), Outcomes: outcome(i / 2)} }},
		{"event and policy", func(i int) q { return q{Names: name(i), Policies: policy(i * 3)} }},
		{"event and method", func(i int) q { return q{Names: name(i), Factors: method(i * 3)} }},
		{"event and a day", func(i int) q { return q{Names: name(i), From: day(i), Until: day(i).AddDate(0, 0, 1)} }},
		{"outcome and a month", func(i int) q { return q{Outcomes: outcome(i), From: day(i), Until: day(i).AddDate(0, 1, 0)} }},
		{"outcome and policy", func(i int) q { return q{Outcomes: outcome(i), Policies: policy(i)} }},
		{"person and event", func(i int) q { return q{Person: person(i), Names: name(i)} }},
		{"person and a month", func(i int) q { return q{Person: person(i), From: day(i), Until: day(i).AddDate(0, 1, 0)} }},
		{"address and event", func(i int) q { return q{Addresses: address(i), Names: name(i)} }},
		{"address and outcome", func(i int) q { return q{Addresses: address(i), Outcomes: outcome(i)} }},
		{"version and event", func(i int) q { return q{Settings: version(i), Names: name(i)} }},
		{"administrator and a month", func(i int) q { return q{By: fmt.Sprint("admin", i%12), From: day(i), Until: day(i).AddDate(0, 1, 0)} }},
	}
}

// auditPage is how many records a page shows, and the one that says that there are more.
const auditPage = 51

// measure searches as a page does: the newest records, their number and days; and a page further back. It gives how many it found.
func (a auditSearch) measure(ctx context.Context, r *Report, store *postgres.Store, part string, runs int) (found int, err error) {
	var lists, tallies []float64
	for i := range runs {
		q := a.query(i)
		p := evidence.Place{Beyond: evidence.Nowhere, Most: auditPage}
		for range 2 {
			began := time.Now()
			page, err := store.FindRecords(ctx, q, p)
			if err != nil {
				return 0, err
			}
			lists = append(lists, milliseconds(began))
			if found += len(page); len(page) == 0 {
				break
			}
			p.Beyond = page[len(page)-1].Number / 2
		}
		began := time.Now()
		if _, err := store.TallyAudit(ctx, q); err != nil {
			return 0, err
		}
		tallies = append(tallies, milliseconds(began))
	}
	for _, l := range []struct {
		name string
		took []float64
	}{{"p95 of a page", lists}, {"p95 of its count and chart", tallies}} {
		slices.Sort(l.took)
		r.add(Line{
			Part: part, Name: a.name + ", " + l.name, Unit: "ms", Aim: below(200),
			Remarks: fmt.Sprintf("median %s, most %s of %d; %d records", figure(median(l.took)), figure(l.took[len(l.took)-1]), len(l.took), found),
		}, l.took[len(l.took)*95/100])
	}
	return found, nil
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }
