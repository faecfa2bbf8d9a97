-- +goose Up

-- How each attempt under a pilot went: a row when it ends. It names nobody.
CREATE TABLE pilot_attempt (
    flow    text PRIMARY KEY,
    policy  text NOT NULL,
    action  text NOT NULL,
    started timestamptz NOT NULL,
    ended   timestamptz NOT NULL,
    stage   text NOT NULL CHECK (stage IN ('done', 'refused', 'expired')),
    half    boolean NOT NULL, -- one directory was written and the other not
    at      text NOT NULL,    -- the stage it ended at
    why     text NOT NULL
);
CREATE INDEX pilot_attempt_policy ON pilot_attempt (policy, started);

-- Tickets the help desk had on a day, as somebody says.
CREATE TABLE pilot_tickets (
    pilot   text NOT NULL, -- empty: the whole help desk
    day     date NOT NULL,
    tickets integer NOT NULL CHECK (tickets >= 0),
    PRIMARY KEY (pilot, day)
);
