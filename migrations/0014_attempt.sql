-- +goose Up

-- What the audit log says of each attempt, for figures. It can be made from the log again at any time.
CREATE TABLE attempt (
    flow      text PRIMARY KEY,
    directory text NOT NULL, -- of the account; empty: nobody's
    object    text NOT NULL,
    action    text NOT NULL,
    policy    text NOT NULL,
    device    text NOT NULL,
    started   timestamptz NOT NULL,
    ended     timestamptz,
    ending    text NOT NULL, -- empty: open
    at        text NOT NULL, -- the step it came to
    why       text NOT NULL,
    kind      text NOT NULL,
    asked     text[] NOT NULL,
    accepted  text[] NOT NULL,
    rejected  text[] NOT NULL
);
CREATE INDEX attempt_started ON attempt (started);
CREATE INDEX attempt_account ON attempt (directory, object, started) WHERE object <> '';

-- How far the log has been read for it.
CREATE TABLE attempt_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    next bigint NOT NULL,
    at   timestamptz -- of the last record that was read
);
INSERT INTO attempt_head (next) VALUES (0);

CREATE INDEX audit_event_blocked ON audit_event (at) WHERE name = 'account.blocked';

-- Whom recovery covers: surveys, and who was in them.
CREATE TABLE survey (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    side     text NOT NULL,
    began    timestamptz NOT NULL,
    touched  timestamptz NOT NULL,
    done     bigint NOT NULL DEFAULT 0,
    total    bigint NOT NULL DEFAULT 0,
    ended    timestamptz,
    failed   text NOT NULL DEFAULT '',
    coverage jsonb -- once it came to an end
);
CREATE INDEX survey_side ON survey (side, number);

CREATE TABLE surveyed (
    survey    bigint NOT NULL REFERENCES survey (number) ON DELETE CASCADE,
    name      text NOT NULL,
    directory text NOT NULL,
    object    text NOT NULL,
    sign_in   text NOT NULL,
    policy    text NOT NULL,
    unit      text NOT NULL,
    groups    text[] NOT NULL,
    methods   text[] NOT NULL,
    reason    text NOT NULL,
    eligible  boolean NOT NULL,
    able      boolean NOT NULL,
    used      boolean NOT NULL,
    resistant boolean NOT NULL,
    PRIMARY KEY (survey, name, directory, object)
);
