-- +goose Up

-- What the audit log is searched by. All of it is in the hashed leaf already.

-- +goose StatementBegin
CREATE FUNCTION audit_factors(leaf jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(kind), '{}') FROM jsonb_array_elements_text(nullif(leaf -> 'factors', 'null')) AS kind
$$;
-- +goose StatementEnd

-- The records there are get them in one rewrite; later ones from audit_append, which reads a leaf once for all of them.
ALTER TABLE audit_event
    ADD COLUMN actor    text   NOT NULL GENERATED ALWAYS AS (leaf::jsonb ->> 'actor') STORED,
    ADD COLUMN purpose  text   NOT NULL GENERATED ALWAYS AS (leaf::jsonb ->> 'purpose') STORED,
    ADD COLUMN policy   text   NOT NULL GENERATED ALWAYS AS (leaf::jsonb ->> 'policy') STORED,
    ADD COLUMN settings bigint NOT NULL GENERATED ALWAYS AS ((leaf::jsonb ->> 'settings')::bigint) STORED,
    ADD COLUMN factors  text[] NOT NULL GENERATED ALWAYS AS (audit_factors(leaf::jsonb)) STORED,
    ADD COLUMN by       text   NOT NULL GENERATED ALWAYS AS (coalesce(leaf::jsonb ->> 'by', '')) STORED,
    ADD COLUMN role     text   NOT NULL GENERATED ALWAYS AS (coalesce(leaf::jsonb ->> 'role', '')) STORED,
    ADD COLUMN ticket   text   NOT NULL GENERATED ALWAYS AS (coalesce(leaf::jsonb ->> 'ticket', '')) STORED;
ALTER TABLE audit_event
    ALTER COLUMN actor DROP EXPRESSION, ALTER COLUMN purpose DROP EXPRESSION, ALTER COLUMN policy DROP EXPRESSION,
    ALTER COLUMN settings DROP EXPRESSION, ALTER COLUMN factors DROP EXPRESSION, ALTER COLUMN by DROP EXPRESSION,
    ALTER COLUMN role DROP EXPRESSION, ALTER COLUMN ticket DROP EXPRESSION;

-- Few records have these.
CREATE INDEX audit_event_by ON audit_event (by, seq) WHERE by <> '';
CREATE INDEX audit_event_ticket ON audit_event (ticket, seq) WHERE ticket <> '';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION audit_append(
    at timestamptz, name text, outcome text, directory text, object text, flow text, reason text, leaf text, salt bytea, personal jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    roots  bytea;
    node   bytea := sha256('\x00'::bytea || convert_to(leaf, 'UTF8'));
    added  bytea := node;
    rest   bigint;
    l      jsonb := leaf;
    kinds  text[] := audit_factors(l);
BEGIN
    SELECT size, edge INTO STRICT number, roots FROM audit_head FOR UPDATE;
    rest := number;
    WHILE rest & 1 = 1 LOOP -- the record completes a subtree
        node := sha256('\x01'::bytea || substr(roots, length(roots) - 31) || node);
        roots := substr(roots, 1, length(roots) - 32);
        added := added || node;
        rest := rest >> 1;
    END LOOP;
    INSERT INTO audit_event (
        seq, at, name, outcome, directory, object, flow, reason, leaf, hashes, salt, personal,
        actor, purpose, policy, settings, factors, by, role, ticket
    ) VALUES (
        number, at, name, outcome, directory, object, flow, reason, leaf, added, salt, personal,
        l ->> 'actor', l ->> 'purpose', l ->> 'policy', (l ->> 'settings')::bigint, kinds,
        coalesce(l ->> 'by', ''), coalesce(l ->> 'role', ''), coalesce(l ->> 'ticket', '')
    );
    UPDATE audit_head SET size = number + 1, edge = roots || node;
END
$$;
-- +goose StatementEnd
