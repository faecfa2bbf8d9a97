-- +goose Up

-- The kinds of records there are. What has few values makes few combinations: whoever looks for records finds theirs here first, and
-- then records of a kind by their number, so that no combination makes anybody read the log.
CREATE TABLE audit_shape (
    id      int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text NOT NULL,
    outcome text NOT NULL,
    actor   text NOT NULL,
    purpose text NOT NULL,
    policy  text NOT NULL,
    factors text[] NOT NULL,
    UNIQUE (name, outcome, actor, purpose, policy, factors)
);
INSERT INTO audit_shape (name, outcome, actor, purpose, policy, factors)
SELECT DISTINCT name, outcome, actor, purpose, policy, factors FROM audit_event;

-- +goose StatementBegin
CREATE FUNCTION audit_shape_of(name text, outcome text, actor text, purpose text, policy text, factors text[]) RETURNS int
LANGUAGE sql STABLE AS $$
    SELECT s.id FROM audit_shape s
    WHERE (s.name, s.outcome, s.actor, s.purpose, s.policy, s.factors) = ($1, $2, $3, $4, $5, $6)
$$;
-- +goose StatementEnd

ALTER TABLE audit_event ADD COLUMN shape int;
ALTER TABLE audit_event ALTER COLUMN shape TYPE int USING audit_shape_of(name, outcome, actor, purpose, policy, factors);
ALTER TABLE audit_event ALTER COLUMN shape SET NOT NULL,
    DROP COLUMN actor, DROP COLUMN purpose, DROP COLUMN policy, DROP COLUMN factors;

CREATE INDEX audit_event_shape ON audit_event (shape, seq);
CREATE INDEX audit_event_flow ON audit_event (flow) WHERE flow <> '';
CREATE INDEX audit_event_settings ON audit_event (settings, seq) WHERE settings > 0;
CREATE INDEX audit_event_role ON audit_event (role, seq) WHERE role <> '';
CREATE INDEX audit_event_address ON audit_event (((personal ->> 'address')::inet), seq) WHERE personal ->> 'address' IS NOT NULL;
CREATE INDEX audit_event_typed ON audit_event (lower(personal -> 'detail' ->> 'name'), seq) WHERE personal -> 'detail' ->> 'name' IS NOT NULL;

-- How many records of a kind there were on a day (UTC). It is counted when somebody looks, up to next, and can be counted anew at any time.
CREATE TABLE audit_day (
    day     date NOT NULL,
    shape   int NOT NULL,
    records bigint NOT NULL,
    PRIMARY KEY (day, shape)
);
CREATE TABLE audit_day_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    next bigint NOT NULL
);
INSERT INTO audit_day SELECT (at AT TIME ZONE 'UTC')::date, shape, count(*) FROM audit_event GROUP BY 1, 2;
INSERT INTO audit_day_head (next) SELECT size FROM audit_head;

-- The number of the first record that is not before a moment. Records are in the order in which they were committed, which is that of
-- their times but for a little: the answer is as exact as that.
-- +goose StatementBegin
CREATE FUNCTION audit_seq_at(moment timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    low  bigint := 0;
    high bigint;
    mid  bigint;
    seen timestamptz;
BEGIN
    SELECT size INTO STRICT high FROM audit_head;
    WHILE low < high LOOP
        mid := (low + high) / 2;
        SELECT e.at INTO seen FROM audit_event e WHERE e.seq >= mid ORDER BY e.seq LIMIT 1;
        IF seen IS NULL OR seen >= moment THEN
            high := mid;
        ELSE
            low := mid + 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;
-- +goose StatementEnd

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
    kind   int := audit_shape_of(name, outcome, l ->> 'actor', l ->> 'purpose', l ->> 'policy', kinds);
BEGIN
    SELECT size, edge INTO STRICT number, roots FROM audit_head FOR UPDATE;
    IF kind IS NULL THEN -- the first of its kind; another may have been the first meanwhile
        INSERT INTO audit_shape (name, outcome, actor, purpose, policy, factors)
        VALUES (name, outcome, l ->> 'actor', l ->> 'purpose', l ->> 'policy', kinds) ON CONFLICT DO NOTHING;
        kind := audit_shape_of(name, outcome, l ->> 'actor', l ->> 'purpose', l ->> 'policy', kinds);
    END IF;
    rest := number;
    WHILE rest & 1 = 1 LOOP -- the record completes a subtree
        node := sha256('\x01'::bytea || substr(roots, length(roots) - 31) || node);
        roots := substr(roots, 1, length(roots) - 32);
        added := added || node;
        rest := rest >> 1;
    END LOOP;
    INSERT INTO audit_event (
        seq, at, name, outcome, directory, object, flow, reason, leaf, hashes, salt, personal, shape, settings, by, role, ticket
    ) VALUES (
        number, at, name, outcome, directory, object, flow, reason, leaf, added, salt, personal, kind, (l ->> 'settings')::bigint,
        coalesce(l ->> 'by', ''), coalesce(l ->> 'role', ''), coalesce(l ->> 'ticket', '')
    );
    UPDATE audit_head SET size = number + 1, edge = roots || node;
END
$$;
-- +goose StatementEnd

-- Searches kept under a name, by who made them.
CREATE TABLE audit_search (
    id        text PRIMARY KEY,
    directory text NOT NULL,
    object    text NOT NULL,
    owner     text NOT NULL, -- sign-in name
    name      text NOT NULL,
    query     text NOT NULL, -- as in the page's address
    shared    boolean NOT NULL,
    made      timestamptz NOT NULL
);
CREATE INDEX audit_search_account ON audit_search (directory, object);

-- The log is checked against its tree in the background.
CREATE TABLE audit_check (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    by      text NOT NULL,
    began   timestamptz NOT NULL,
    touched timestamptz NOT NULL,
    ended   timestamptz,
    first   bigint NOT NULL,
    beyond  bigint NOT NULL, -- the first record that is not checked
    done    bigint NOT NULL DEFAULT 0,
    bad     bigint,          -- the record that is wrong, if one can be named
    fault   text NOT NULL DEFAULT '',
    signed  text NOT NULL DEFAULT '' -- checkpoint of what was found good
);
