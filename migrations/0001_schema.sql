-- +goose Up

-- The keys of the installation, wrapped by the key of the process configuration.
CREATE TABLE keyset (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL,
    wrapped bytea  NOT NULL
);

CREATE TABLE settings_version (
    number   bigint PRIMARY KEY CHECK (number > 0),
    at       timestamptz NOT NULL,
    author   text NOT NULL,
    reason   text NOT NULL,
    document text NOT NULL
);

-- One attempt to get back in. What the sweeper and CloseOthers look for stands in columns, the rest in the document, where
-- the open challenge is sealed. Steps change no indexed column, so most updates stay on their page.
CREATE TABLE flow (
    id         text PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    version    bigint NOT NULL,
    stage      text NOT NULL CHECK (stage IN ('choose', 'prove', 'password', 'applying', 'done', 'refused', 'expired')),
    directory  text NOT NULL,
    object     text NOT NULL, -- empty: a decoy
    touched    timestamptz NOT NULL,
    expires    timestamptz NOT NULL,
    claimed    timestamptz,
    ended      timestamptz,
    document   jsonb NOT NULL,
    CHECK ((ended IS NULL) = (stage IN ('choose', 'prove', 'password', 'applying'))),
    CHECK (stage <> 'applying' OR claimed IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX flow_open ON flow (expires) WHERE ended IS NULL;
CREATE INDEX flow_ended ON flow (ended) WHERE ended IS NOT NULL;
CREATE INDEX flow_account ON flow (directory, object) WHERE object <> '';

CREATE TABLE credential (
    id        text PRIMARY KEY,
    version   bigint NOT NULL,
    directory text NOT NULL,
    object    text NOT NULL CHECK (object <> ''),
    kind      text NOT NULL,
    label     text NOT NULL,
    channel   text NOT NULL,
    data      bytea NOT NULL, -- sealed
    created   timestamptz NOT NULL,
    last_used timestamptz
);
CREATE INDEX credential_account ON credential (directory, object, created);

-- One signed-in person on "My account".
CREATE TABLE session (
    id         text PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    version    bigint NOT NULL,
    directory  text NOT NULL,
    object     text NOT NULL CHECK (object <> ''),
    name       text NOT NULL,
    display    text NOT NULL,
    locale     text NOT NULL,
    signed_in  timestamptz NOT NULL,
    proven     timestamptz,
    touched    timestamptz NOT NULL,
    expires    timestamptz NOT NULL,
    ended      timestamptz,
    pending    bytea, -- sealed
    notice     text NOT NULL,
    address    text NOT NULL,
    agent      text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX session_account ON session (directory, object);
CREATE INDEX session_expires ON session (expires);

-- Failed proofs per account or typed name.
CREATE TABLE counter (
    key        text PRIMARY KEY,
    failures   integer NOT NULL DEFAULT 0,
    since      timestamptz,
    holds      integer NOT NULL DEFAULT 0,
    held_until timestamptz
) WITH (fillfactor = 70);

-- Rate buckets (GCRA): tat is when the bucket is empty again. Unlogged: a crash of the server refills them, a restart does not.
CREATE UNLOGGED TABLE bucket (
    key text PRIMARY KEY,
    tat timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE frozen (
    directory text NOT NULL,
    object    text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (directory, object)
);

-- The audit log: a Merkle tree (RFC 6962) of leaves. hashes are those the leaf adds to the tree. personal and salt stand
-- beside the leaf and are NULL when they were erased.
CREATE TABLE audit_event (
    seq       bigint PRIMARY KEY CHECK (seq >= 0),
    at        timestamptz NOT NULL,
    name      text NOT NULL,
    outcome   text NOT NULL CHECK (outcome IN ('ok', 'refused', 'failed', 'unknown')),
    directory text NOT NULL,
    object    text NOT NULL,
    flow      text NOT NULL,
    reason    text NOT NULL,
    leaf      text NOT NULL,
    hashes    bytea NOT NULL CHECK (length(hashes) % 32 = 0),
    salt      bytea,
    personal  jsonb,
    CHECK ((salt IS NULL) = (personal IS NULL))
);
CREATE INDEX audit_event_account ON audit_event (directory, object, seq) WHERE object <> '';

-- Its right edge. The row's lock puts records in order.
CREATE TABLE audit_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL,
    edge bytea  NOT NULL
) WITH (fillfactor = 10);
INSERT INTO audit_head (size, edge) VALUES (0, '');

-- +goose StatementBegin
CREATE FUNCTION audit_event_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.personal IS NULL AND NEW.salt IS NULL THEN
        NEW.personal := OLD.personal;
        NEW.salt := OLD.salt;
        IF NEW IS NOT DISTINCT FROM OLD THEN -- nothing but the personal part is erased
            NEW.personal := NULL;
            NEW.salt := NULL;
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_event_keep BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_keep();
CREATE TRIGGER audit_event_keep_all BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION audit_event_keep();
