package auditui

import (
	"net/http"
	"time"

	"rekey/internal/admin"
	"rekey/internal/evidence"
	"rekey/internal/server/console"
)

// exportFor is how long an export may take.
const exportFor = time.Hour

func (u *UI) submitExport(w http.ResponseWriter, r *http.Request, a admin.Admin) error {
	q, rd := parse(r.URL.Query(), console.Zone(r)), reader(r, a)
	f := r.PostForm
	t := evidence.Taking{
		Format: evidence.Format(f.Get("format")), Masked: f.Get("masked") != "", Text: q.text(), Reason: f.Get("reason"), Ticket: f.Get("ticket"),
	}
	err := u.Service.Allow(r.Context(), rd, t)
	if ps, ok := u.Console.Problems(err); ok {
		return u.export(w, r, a, t, ps)
	}
	if err != nil {
		return err
	}
	kind := map[evidence.Format]string{evidence.CSV: "text/csv; charset=utf-8", evidence.JSONL: "application/jsonl"}[t.Format]
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="rekey-audit-`+u.Console.Now().UTC().Format("20060102-150405")+"."+string(t.Format)+`"`)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportFor)) // where it cannot be set there is none
	if err := u.Service.Take(r.Context(), rd, q.Query, t, w); err != nil {
		panic(http.ErrAbortHandler) // half a file is under way: the browser has to see that it broke off
	}
	return nil
}
