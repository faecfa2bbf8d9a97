-- +goose Up

-- Requests for a second administrator's approval.
CREATE TABLE help_request (
    id             text PRIMARY KEY,
    action         text NOT NULL,
    directory      text NOT NULL,
    object         text NOT NULL CHECK (object <> ''),
    method         text NOT NULL, -- id of a credential, or empty
    reason         text NOT NULL,
    ticket         text NOT NULL,
    name           text NOT NULL,
    what           text NOT NULL,
    by_directory   text NOT NULL,
    by_object      text NOT NULL,
    by_name        text NOT NULL,
    made           timestamptz NOT NULL,
    expires        timestamptz NOT NULL,
    decided        timestamptz,
    approved       boolean NOT NULL DEFAULT false CHECK (decided IS NOT NULL OR NOT approved),
    decider_directory text NOT NULL DEFAULT '',
    decider_object text NOT NULL DEFAULT '',
    decider_name   text NOT NULL DEFAULT '',
    note           text NOT NULL DEFAULT '',
    used           timestamptz CHECK (used IS NULL OR approved),
    CHECK ((decider_directory, decider_object) <> (by_directory, by_object))
);
CREATE INDEX help_request_made ON help_request (made);
CREATE INDEX help_request_account ON help_request (directory, object, made);

-- Verifications of callers.
CREATE TABLE help_call (
    id           text PRIMARY KEY,
    directory    text NOT NULL,
    object       text NOT NULL CHECK (object <> ''),
    name         text NOT NULL,
    by_directory text NOT NULL,
    by_object    text NOT NULL,
    by_name      text NOT NULL,
    reason       text NOT NULL,
    ticket       text NOT NULL,
    credential   text NOT NULL,
    kind         text NOT NULL,
    label        text NOT NULL,
    state        bytea, -- sealed; null once it is over
    made         timestamptz NOT NULL,
    expires      timestamptz NOT NULL,
    tries        integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    ended        timestamptz,
    passed       boolean NOT NULL DEFAULT false CHECK (ended IS NOT NULL OR NOT passed)
);
CREATE INDEX help_call_account ON help_call (directory, object, ended);
CREATE INDEX help_call_made ON help_call (made);

-- A temporary access pass is gone when its time is over.
ALTER TABLE credential ADD COLUMN expires timestamptz;
