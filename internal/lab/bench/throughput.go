package bench

import (
	"context"
	"fmt"
	"time"
)

// size is how much of a measurement is done.
type size struct{ rounds, jobs int }

// compare has the portal and the raw side write passwords in turn, so that what else the machine does meets both, and files each
// round's two rates and their ratio.
func (s *stage) compare(ctx context.Context, r *Report, clients int, n size) error {
	raw, err := s.place.direct(clients)
	if err != nil {
		return err
	}
	defer raw.close()
	if _, err := s.resets(ctx, clients, 2*clients); err != nil { // connections, prepared statements
		return err
	}
	var portal, direct, ratio []float64
	for range n.rounds {
		took, err := work(clients, n.jobs, func(client, turn int) error {
			return raw.write(client, s.whose(client, clients, turn), newPassword())
		})
		if err != nil {
			return fmt.Errorf("raw write: %w", err)
		}
		direct = append(direct, perSecond(n.jobs, took))
		if took, err = s.resets(ctx, clients, n.jobs); err != nil {
			return err
		}
		portal = append(portal, perSecond(n.jobs, took))
		ratio = append(ratio, portal[len(portal)-1]/direct[len(direct)-1])
		if err := s.codes.quiet(ctx); err != nil {
			return err
		}
	}
	s.file(r, clients, portal, direct, ratio)
	return nil
}

// file writes what was measured. The stand-in's ratio says nothing: its raw writes only count bytes.
func (s *stage) file(r *Report, clients int, portal, direct, ratio []float64) {
	part := "Whole resets by mail code, on " + s.place.title
	who := fmt.Sprintf("%d clients", clients)
	if clients == 1 {
		who = "1 client"
	}
	if s.place.pid != 0 {
		r.add(Line{Part: part, Name: who + ", share of raw LDAPS writes", Aim: atLeast(0.9)}, ratio...)
	}
	r.add(Line{Part: part, Name: who + ", whole resets", Unit: "/s"}, portal...)
	r.add(Line{Part: part, Name: who + ", raw LDAPS writes", Unit: "/s"}, direct...)
}

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

// cost measures the processor time of a whole reset, with the mails it causes, of everybody who works on it.
func (s *stage) cost(ctx context.Context, r *Report, n size) error {
	var total, user, system, db, dc, load []float64
	for range n.rounds {
		if err := s.codes.quiet(ctx); err != nil {
			return err
		}
		before, err := s.clocks()
		if err != nil {
			return err
		}
		if _, err := s.resets(ctx, 1, n.jobs); err != nil {
			return err
		}
		if err := s.codes.quiet(ctx); err != nil {
			return err
		}
		after, err := s.clocks()
		if err != nil {
			return err
		}
		each := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) / float64(n.jobs) }
		p := after.portal.since(before.portal)
		total, user, system = append(total, each(p.total())), append(user, each(p.user)), append(system, each(p.system))
		db = append(db, each(after.database.since(before.database).total()))
		dc = append(dc, each(after.directory.since(before.directory).total()))
		load = append(load, each(after.load.since(before.load).total()))
	}
	part := "Processor time per whole reset, 1 client, on " + s.place.title
	r.add(Line{Part: part, Name: "portal", Unit: "ms", Aim: atMost(4.2), Remarks: fmt.Sprintf("%d resets a run", n.jobs)}, total...)
	r.add(Line{Part: part, Name: "  of it in the program", Unit: "ms"}, user...)
	r.add(Line{Part: part, Name: "  of it in the kernel", Unit: "ms"}, system...)
	r.add(Line{Part: part, Name: "PostgreSQL", Unit: "ms"}, db...)
	if s.place.pid != 0 {
		r.add(Line{Part: part, Name: "domain controller", Unit: "ms"}, dc...)
	}
	r.add(Line{Part: part, Name: "this program: client, mail server, stand-in", Unit: "ms"}, load...)
	return nil
}

// clocks are the processor times of everybody.
type clocks struct{ portal, database, directory, load spent }

func (s *stage) clocks() (clocks, error) {
	c := clocks{load: ownTime()}
	var err error
	if c.portal, err = processorTime(s.portal.PID()); err != nil {
		return c, err
	}
	if c.database, err = processorTime(s.cluster.PID()); err != nil {
		return c, err
	}
	if s.place.pid != 0 {
		c.directory, err = processorTime(s.place.pid)
	}
	return c, err
}
