package postgres

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"rekey/internal/fault"
	"rekey/internal/report"
)

// forecastsFor is how long what would be is kept.
const forecastsFor = 24 * time.Hour

// surveyLost is after how long without a word a survey is taken for stopped.
const surveyLost = time.Minute

// BeginSurvey implements report.Desk. Forecasts nobody looks at any more go.
func (s *Store) BeginSurvey(ctx context.Context, side string, at time.Time) (number int64, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`DELETE FROM survey WHERE side <> $1 AND began < $2`, report.Live, at.Add(-forecastsFor))
		t.batch.Queue(`INSERT INTO survey (side, began, touched) VALUES ($1, $2, $2) RETURNING number`, side, at).QueryRow(func(row pgx.Row) error {
			return row.Scan(&number)
		})
		return t.finish(ctx)
	})
	if err != nil {
		return 0, fmt.Errorf("begin a survey: %w", err)
	}
	return number, nil
}

// PutSurveyed implements report.Desk. Names are those of the copy.
func (s *Store) PutSurveyed(ctx context.Context, number int64, people []report.Surveyed, done, all int64) error {
	if len(people) == 0 {
		return nil
	}
	lines, err := json.Marshal(linesOf(people))
	if err != nil {
		return fmt.Errorf("write a survey: %w", err)
	}
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`
			INSERT INTO surveyed (survey, name, directory, object, sign_in, policy, unit, groups, methods, reason, eligible, able, used, resistant)
			SELECT $1, coalesce(nullif(p.display_name, ''), nullif(p.sam, ''), nullif(p.upn, ''), l.object), $2, l.object,
				coalesce(nullif(p.upn, ''), p.sam, ''), l.policy, l.unit, l.groups, l.methods, l.reason, l.eligible, l.able, l.used, l.resistant
			FROM jsonb_to_recordset($3) AS l (object text, policy text, unit text, groups text[], methods text[], reason text, eligible boolean,
				able boolean, used boolean, resistant boolean)
			LEFT JOIN person p ON p.dir = (SELECT dir FROM sync_state WHERE directory = $2) AND p.object = l.object::uuid`,
			number, people[0].Directory, lines)
		t.batch.Queue(`UPDATE survey SET done = $2, total = $3, touched = $4 WHERE number = $1`, number, done, max(done, all), s.now())
		return t.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("write a survey: %w", err)
	}
	return nil
}

// surveyedLine is somebody as PostgreSQL is told.
type surveyedLine struct {
	Object    string   `json:"object"`
	Policy    string   `json:"policy"`
	Unit      string   `json:"unit"`
	Groups    []string `json:"groups"`
	Methods   []string `json:"methods"`
	Reason    string   `json:"reason"`
	Eligible  bool     `json:"eligible"`
	Able      bool     `json:"able"`
	Used      bool     `json:"used"`
	Resistant bool     `json:"resistant"`
}

func linesOf(people []report.Surveyed) []surveyedLine {
	lines := make([]surveyedLine, 0, len(people))
	for _, p := range people {
		l := surveyedLine{
			Object: p.Object, Policy: p.Policy, Unit: p.Unit, Groups: append([]string{}, p.Groups...), Methods: []string{}, Reason: p.Reason,
			Eligible: p.Eligible, Able: p.Able, Used: p.Used, Resistant: p.Resistant,
		}
		for _, k := range p.Methods {
			l.Methods = append(l.Methods, string(k))
		}
		lines = append(lines, l)
	}
	return lines
}

// EndSurvey implements report.Desk.
func (s *Store) EndSurvey(ctx context.Context, number int64, c report.Coverage, failed string) error {
	var document []byte
	var err error
	if failed == "" {
		if document, err = json.Marshal(c); err != nil {
			return fmt.Errorf("end a survey: %w", err)
		}
	}
	err = s.transact(ctx, func(ctx context.Context, t *tx) error {
		t.batch.Queue(`UPDATE survey SET ended = $2, failed = $3, coverage = $4 WHERE number = $1`, number, s.now(), failed, document)
		if failed == "" { // those before are in nobody's way any more
			t.batch.Queue(`DELETE FROM survey WHERE side = $1 AND number < $2`, c.Side, number)
		} else {
			t.batch.Queue(`DELETE FROM surveyed WHERE survey = $1`, number)
			t.batch.Queue(`DELETE FROM survey WHERE side = $1 AND number < $2 AND failed <> ''`, c.Side, number)
		}
		return t.finish(ctx)
	})
	if err != nil {
		return fmt.Errorf("end a survey: %w", err)
	}
	return nil
}

// Coverage implements report.Surveys.
func (s *Store) Coverage(ctx context.Context, side string) (c report.Coverage, ok bool, err error) {
	var document []byte
	err = s.pool.QueryRow(ctx, `SELECT coverage FROM survey WHERE side = $1 AND coverage IS NOT NULL ORDER BY number DESC LIMIT 1`, side).Scan(&document)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, false, nil
	}
	if err == nil {
		err = json.Unmarshal(document, &c)
	}
	if err != nil {
		return report.Coverage{}, false, fmt.Errorf("read a survey: %w", err)
	}
	return c, true, nil
}

// Progress implements report.Surveys.
func (s *Store) Progress(ctx context.Context, side string) (report.Progress, error) {
	p := report.Progress{Side: side}
	var ended, touched time.Time
	err := s.pool.QueryRow(ctx, `SELECT began, done, total, touched, ended, failed FROM survey WHERE side = $1 ORDER BY number DESC LIMIT 1`, side).
		Scan(&p.Began, &p.Done, &p.All, &touched, orZero{&ended}, &p.Failed)
	if errors.Is(err, pgx.ErrNoRows) {
		return report.Progress{}, nil
	}
	if err != nil {
		return report.Progress{}, fmt.Errorf("read how far a survey is: %w", err)
	}
	lost := s.now().Sub(touched) > surveyLost
	p.Running = ended.IsZero() && !lost
	if ended.IsZero() && lost {
		p.Failed = "the replica that made the survey was stopped"
	}
	return p, nil
}

// within says by SQL who is in cells; keys become parameters.
func within(cells map[report.Dimension]string, args *[]any) (string, bool) {
	where := "true"
	for _, d := range slices.Sorted(maps.Keys(cells)) {
		column, ok := map[report.Dimension]string{
			report.ByPolicy: `= policy`, report.ByDirectory: `= directory`, report.ByUnit: `= unit`, report.ByGroup: `= ANY(groups)`, report.ByMethod: `= ANY(methods)`,
		}[d]
		if !ok {
			return "", false
		}
		*args = append(*args, cells[d])
		where += fmt.Sprintf(" AND $%d %s", len(*args), column)
	}
	return where, true
}

func stands(s report.Standing) (string, bool) {
	where, ok := map[report.Standing]string{
		report.Any: `true`, report.IsEligible: `eligible`, report.NotEligible: `NOT eligible`, report.NotRegistered: `eligible AND methods = '{}'`, report.IsAble: `able`,
		report.NotAble: `eligible AND NOT able`, report.NotUsed: `eligible AND NOT used`,
		report.IsSingle: `eligible AND cardinality(methods) = 1`, report.NotResistant: `eligible AND methods <> '{}' AND NOT resistant`,
	}[s]
	return where, ok
}

// Covered implements report.Surveys.
func (s *Store) Covered(ctx context.Context, w report.Which) ([]report.Covered, error) {
	standing, ok := stands(w.Standing)
	after, err := placeOf(w.After)
	args := []any{w.Side, strings.ToLower(w.Name), after[0], after[1], after[2], w.Most}
	cells, also := within(w.Cells, &args)
	if err != nil || !ok || !also {
		return nil, fault.Wrap(fault.Invalid, "problem.not-found", fmt.Errorf("no such list of people: %v, %q: %w", w.Cells, w.Standing, err))
	}
	rows, err := s.pool.Query(ctx, `
		SELECT name, directory, object, sign_in, policy, unit, methods, reason, eligible, able, used, resistant FROM surveyed
		WHERE survey = (SELECT number FROM survey WHERE side = $1 AND coverage IS NOT NULL ORDER BY number DESC LIMIT 1)
			AND `+cells+` AND `+standing+` AND (name, directory, object) > ($3, $4, $5)
			AND ($2 = '' OR strpos(lower(name), $2) > 0 OR strpos(lower(sign_in), $2) > 0)
		ORDER BY name, directory, object LIMIT $6`, args...)
	if err != nil {
		return nil, fmt.Errorf("list people of a survey: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c report.Covered, err error) {
		err = row.Scan(&c.Name, &c.Directory, &c.Object, &c.SignIn, &c.Policy, &c.Unit, &c.Methods, &c.Reason, &c.Eligible, &c.Able, &c.Used, &c.Resistant)
		c.Cursor = placeText(c)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("list people of a survey: %w", err)
	}
	return all, nil
}

// place is behind whom a page begins: name, directory, object.
type place [3]string

func placeText(c report.Covered) string {
	text, _ := json.Marshal(place{c.Name, c.Directory, c.Object}) // strings always can be
	return base64.RawURLEncoding.EncodeToString(text)
}

func placeOf(cursor string) (p place, err error) {
	if cursor == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}
