-- +goose Up

-- The copy of the directories. A directory has a number here; objects are known by the directory's own identifier. seen is the
-- number of the pass that told of a row last.
CREATE TABLE sync_state (
    dir       smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    directory text NOT NULL UNIQUE,
    pass      bigint NOT NULL DEFAULT 0,
    kind      text NOT NULL DEFAULT '' CHECK (kind IN ('', 'full', 'changes')),
    wanted    text NOT NULL DEFAULT '' CHECK (wanted IN ('', 'full', 'changes')),
    position  bytea, -- the directory's cursor
    begun     timestamptz,
    restarted timestamptz,
    tried     timestamptz,
    told      bigint NOT NULL DEFAULT 0,
    total     bigint NOT NULL DEFAULT 0,
    current   timestamptz,
    complete  timestamptz,
    failures  integer NOT NULL DEFAULT 0,
    error     text NOT NULL DEFAULT '',
    held      timestamptz,
    held_gone bigint NOT NULL DEFAULT 0,
    held_of   bigint NOT NULL DEFAULT 0,
    approved  bigint NOT NULL DEFAULT 0,
    forgiven  timestamptz
) WITH (fillfactor = 50);

CREATE TABLE person (
    dir              smallint NOT NULL,
    object           uuid NOT NULL,
    seen             bigint NOT NULL,
    gone             timestamptz,
    manager          uuid,
    password_set     timestamptz,
    password_expires timestamptz,
    locked_until     timestamptz,
    disabled         boolean NOT NULL,
    expired          boolean NOT NULL,
    locked           boolean NOT NULL,
    password_expired boolean NOT NULL,
    must_change      boolean NOT NULL,
    cannot_change    boolean NOT NULL,
    privileged       boolean NOT NULL,
    synced           boolean NOT NULL,
    sam              text NOT NULL,
    upn              text NOT NULL,
    netbios          text NOT NULL,
    path             text NOT NULL,
    sid              text NOT NULL,
    anchor           text NOT NULL,
    display_name     text NOT NULL,
    given_name       text NOT NULL,
    mail             text NOT NULL,
    mails            text[] NOT NULL,
    language         text NOT NULL,
    own_groups       text[] NOT NULL, -- that do not list the account as a member, as grp.policy
    attributes       jsonb NOT NULL,
    PRIMARY KEY (dir, object)
);
CREATE INDEX person_gone ON person (dir, gone) WHERE gone IS NOT NULL;

CREATE TABLE grp (
    dir    smallint NOT NULL,
    object uuid NOT NULL,
    seen   bigint NOT NULL,
    policy text NOT NULL, -- what policies know it by: SID or group id
    name   text NOT NULL,
    PRIMARY KEY (dir, object)
);
CREATE INDEX grp_policy ON grp (dir, policy);

-- Who is directly in a group: people and groups, also those that are not known yet.
CREATE TABLE member (
    dir   smallint NOT NULL,
    child uuid NOT NULL,
    grp   uuid NOT NULL,
    seen  bigint NOT NULL,
    PRIMARY KEY (dir, child, grp)
);
CREATE INDEX member_grp ON member (dir, grp);

CREATE TABLE unit (
    dir    smallint NOT NULL,
    object uuid NOT NULL,
    seen   bigint NOT NULL,
    path   text NOT NULL,
    name   text NOT NULL,
    PRIMARY KEY (dir, object)
);
