CREATE TYPE public.river_job_state AS ENUM (
    'available',
    'cancelled',
    'completed',
    'discarded',
    'pending',
    'retryable',
    'running',
    'scheduled'
);

CREATE FUNCTION public.audit_append(at timestamp with time zone, name text, outcome text, directory text, object text, flow text, reason text, leaf text, salt bytea, personal jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.audit_event_keep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.audit_factors(leaf jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(array_agg(kind), '{}') FROM jsonb_array_elements_text(nullif(leaf -> 'factors', 'null')) AS kind
$$;

CREATE FUNCTION public.audit_seq_at(moment timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
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

CREATE FUNCTION public.audit_shape_of(name text, outcome text, actor text, purpose text, policy text, factors text[]) RETURNS integer
    LANGUAGE sql STABLE
    AS $_$
    SELECT s.id FROM audit_shape s
    WHERE (s.name, s.outcome, s.actor, s.purpose, s.policy, s.factors) = ($1, $2, $3, $4, $5, $6)
$_$;

CREATE FUNCTION public.flow_unmoved(flow_id text, seen bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM flow WHERE id = flow_id AND version = seen FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the flow has moved on' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;

CREATE FUNCTION public.river_job_state_in_bitmask(bitmask bit, state public.river_job_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE state
        WHEN 'available' THEN get_bit(bitmask, 7)
        WHEN 'cancelled' THEN get_bit(bitmask, 6)
        WHEN 'completed' THEN get_bit(bitmask, 5)
        WHEN 'discarded' THEN get_bit(bitmask, 4)
        WHEN 'pending'   THEN get_bit(bitmask, 3)
        WHEN 'retryable' THEN get_bit(bitmask, 2)
        WHEN 'running'   THEN get_bit(bitmask, 1)
        WHEN 'scheduled' THEN get_bit(bitmask, 0)
        ELSE 0
    END = 1;
$$;

CREATE FUNCTION public.sms_pay(message text, paid_at timestamp with time zone, payer text, to_number bytea, to_block text, to_country text, parts integer, price bigint, most_tries integer, day_segments bigint, day_cost bigint, month_segments bigint, month_cost bigint, payer_day integer, block_hour integer, OUT reason text, OUT first boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    today  date := (paid_at AT TIME ZONE 'UTC')::date;
    tried  integer;
    spent  record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sms_pay', 0));
    reason := '';
    first := false;
    UPDATE sms_charge SET tries = tries + 1 WHERE id = message AND tries < most_tries;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT tries INTO tried FROM sms_charge WHERE id = message;
    IF FOUND THEN
        reason := 'in-doubt';
        RETURN;
    END IF;
    SELECT
        coalesce(sum(segments) FILTER (WHERE day = today), 0) + parts AS day_segments, coalesce(sum(cost) FILTER (WHERE day = today), 0) + price AS day_cost,
        coalesce(sum(segments), 0) + parts AS month_segments, coalesce(sum(cost), 0) + price AS month_cost
    INTO spent FROM sms_day WHERE day >= date_trunc('month', today)::date AND day < (date_trunc('month', today) + interval '1 month')::date;
    reason := CASE
        WHEN day_segments > 0 AND spent.day_segments > day_segments THEN 'day-segments'
        WHEN day_cost > 0 AND spent.day_cost > day_cost THEN 'day-money'
        WHEN month_segments > 0 AND spent.month_segments > month_segments THEN 'month-segments'
        WHEN month_cost > 0 AND spent.month_cost > month_cost THEN 'month-money'
        WHEN (SELECT count(*) FROM sms_charge WHERE account = payer AND (at AT TIME ZONE 'UTC')::date = today AND at > paid_at - interval '1 day') >= payer_day
            THEN 'account'
        WHEN (SELECT count(DISTINCT number) FROM sms_charge WHERE block = to_block AND at > paid_at - interval '1 hour' AND number <> to_number) >= block_hour
            THEN 'range'
        ELSE ''
    END;
    IF reason <> '' THEN
        INSERT INTO sms_warning (day, reason) VALUES (today, sms_pay.reason) ON CONFLICT DO NOTHING;
        first := FOUND;
        RETURN;
    END IF;
    INSERT INTO sms_charge (id, at, account, number, block, country, segments, cost, tries)
    VALUES (message, paid_at, payer, to_number, to_block, to_country, parts, price, 1);
    INSERT INTO sms_day AS d (day, country, messages, segments, cost) VALUES (today, to_country, 1, parts, price)
    ON CONFLICT (day, country) DO UPDATE SET messages = d.messages + 1, segments = d.segments + parts, cost = d.cost + price;
END
$$;

CREATE FUNCTION public.sms_unsent(message text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    gone sms_charge;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('sms_pay', 0));
    UPDATE sms_charge SET tries = tries - 1 WHERE id = message AND tries > 1;
    IF FOUND THEN
        RETURN;
    END IF;
    DELETE FROM sms_charge WHERE id = message RETURNING * INTO gone;
    IF FOUND THEN
        UPDATE sms_day SET messages = messages - 1, segments = segments - gone.segments, cost = cost - gone.cost
        WHERE day = (gone.at AT TIME ZONE 'UTC')::date AND country = gone.country;
    END IF;
END
$$;

CREATE TABLE public.admin_invitation (
    id text NOT NULL,
    token_hash bytea NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    name text NOT NULL,
    by text NOT NULL,
    made timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    used timestamp with time zone,
    CONSTRAINT admin_invitation_object_check CHECK ((object <> ''::text)),
    CONSTRAINT admin_invitation_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.admin_passkey (
    id text NOT NULL,
    version bigint NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    label text NOT NULL,
    channel text NOT NULL,
    data bytea NOT NULL,
    created timestamp with time zone NOT NULL,
    last_used timestamp with time zone,
    CONSTRAINT admin_passkey_object_check CHECK ((object <> ''::text))
);

CREATE TABLE public.admin_session (
    id text NOT NULL,
    token_hash bytea NOT NULL,
    version bigint NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    name text NOT NULL,
    display text NOT NULL,
    signed_in timestamp with time zone NOT NULL,
    proven timestamp with time zone,
    touched timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    pending bytea,
    address text NOT NULL,
    agent text NOT NULL,
    elsewhere boolean DEFAULT false NOT NULL,
    CONSTRAINT admin_session_object_check CHECK ((object <> ''::text)),
    CONSTRAINT admin_session_token_hash_check CHECK ((length(token_hash) = 32))
)
WITH (fillfactor='70');

CREATE TABLE public.attempt (
    flow text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    action text NOT NULL,
    policy text NOT NULL,
    device text NOT NULL,
    started timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    ending text NOT NULL,
    at text NOT NULL,
    why text NOT NULL,
    kind text NOT NULL,
    asked text[] NOT NULL,
    accepted text[] NOT NULL,
    rejected text[] NOT NULL
);

CREATE TABLE public.attempt_head (
    one boolean DEFAULT true NOT NULL,
    next bigint NOT NULL,
    at timestamp with time zone,
    CONSTRAINT attempt_head_one_check CHECK (one)
);

CREATE TABLE public.audit_check (
    number bigint NOT NULL,
    by text NOT NULL,
    began timestamp with time zone NOT NULL,
    touched timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    first bigint NOT NULL,
    beyond bigint NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    bad bigint,
    fault text DEFAULT ''::text NOT NULL,
    signed text DEFAULT ''::text NOT NULL
);

ALTER TABLE public.audit_check ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_check_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_day (
    day date NOT NULL,
    shape integer NOT NULL,
    records bigint NOT NULL
);

CREATE TABLE public.audit_day_head (
    one boolean DEFAULT true NOT NULL,
    next bigint NOT NULL,
    CONSTRAINT audit_day_head_one_check CHECK (one)
);

CREATE TABLE public.audit_event (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    name text NOT NULL,
    outcome text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    flow text NOT NULL,
    reason text NOT NULL,
    leaf text NOT NULL,
    hashes bytea NOT NULL,
    salt bytea,
    personal jsonb,
    settings bigint NOT NULL,
    by text NOT NULL,
    role text NOT NULL,
    ticket text NOT NULL,
    shape integer NOT NULL,
    CONSTRAINT audit_event_check CHECK (((salt IS NULL) = (personal IS NULL))),
    CONSTRAINT audit_event_hashes_check CHECK (((length(hashes) % 32) = 0)),
    CONSTRAINT audit_event_outcome_check CHECK ((outcome = ANY (ARRAY['ok'::text, 'refused'::text, 'failed'::text, 'unknown'::text]))),
    CONSTRAINT audit_event_seq_check CHECK ((seq >= 0))
);

CREATE TABLE public.audit_head (
    one boolean DEFAULT true NOT NULL,
    size bigint NOT NULL,
    edge bytea NOT NULL,
    CONSTRAINT audit_head_one_check CHECK (one)
)
WITH (fillfactor='10');

CREATE TABLE public.audit_search (
    id text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    owner text NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    shared boolean NOT NULL,
    made timestamp with time zone NOT NULL
);

CREATE TABLE public.audit_shape (
    id integer NOT NULL,
    name text NOT NULL,
    outcome text NOT NULL,
    actor text NOT NULL,
    purpose text NOT NULL,
    policy text NOT NULL,
    factors text[] NOT NULL
);

ALTER TABLE public.audit_shape ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_shape_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE public.bucket (
    key text NOT NULL,
    tat timestamp with time zone NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.checkup (
    number bigint NOT NULL,
    author text NOT NULL,
    began timestamp with time zone NOT NULL,
    touched timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    done integer DEFAULT 0 NOT NULL,
    total integer NOT NULL,
    next text NOT NULL,
    found jsonb DEFAULT '[]'::jsonb NOT NULL
);

ALTER TABLE public.checkup ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.checkup_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.completed (
    directory text NOT NULL,
    object text NOT NULL,
    action text NOT NULL,
    at timestamp with time zone NOT NULL,
    country text DEFAULT ''::text NOT NULL,
    latitude double precision,
    longitude double precision
);

CREATE TABLE public.counter (
    key text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    since timestamp with time zone,
    holds integer DEFAULT 0 NOT NULL,
    held_until timestamp with time zone,
    lane text DEFAULT ''::text NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.credential (
    id text NOT NULL,
    version bigint NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    kind text NOT NULL,
    label text NOT NULL,
    channel text NOT NULL,
    data bytea NOT NULL,
    created timestamp with time zone NOT NULL,
    last_used timestamp with time zone,
    expires timestamp with time zone,
    CONSTRAINT credential_object_check CHECK ((object <> ''::text))
);

CREATE TABLE public.delivery (
    number bigint NOT NULL,
    id text NOT NULL,
    event text NOT NULL,
    channel text NOT NULL,
    language text NOT NULL,
    masked text NOT NULL,
    recipient bytea NOT NULL,
    account text NOT NULL,
    others boolean NOT NULL,
    own boolean NOT NULL,
    settings bigint NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    error text NOT NULL,
    tries integer NOT NULL,
    queued timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL
);

ALTER TABLE public.delivery ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.delivery_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.directory_test (
    id text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    path text NOT NULL,
    draft text NOT NULL,
    test_account text NOT NULL,
    begun timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    steps jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT directory_test_object_check CHECK ((object <> ''::text))
);

CREATE UNLOGGED TABLE public.failure (
    key text NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.flow (
    id text NOT NULL,
    token_hash bytea NOT NULL,
    version bigint NOT NULL,
    stage text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    touched timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    claimed timestamp with time zone,
    ended timestamp with time zone,
    document jsonb NOT NULL,
    CONSTRAINT flow_check CHECK (((ended IS NULL) = (stage = ANY (ARRAY['choose'::text, 'prove'::text, 'password'::text, 'applying'::text])))),
    CONSTRAINT flow_check1 CHECK (((stage <> 'applying'::text) OR (claimed IS NOT NULL))),
    CONSTRAINT flow_stage_check CHECK ((stage = ANY (ARRAY['choose'::text, 'prove'::text, 'password'::text, 'applying'::text, 'done'::text, 'refused'::text, 'expired'::text]))),
    CONSTRAINT flow_token_hash_check CHECK ((length(token_hash) = 32))
)
WITH (fillfactor='70');

CREATE TABLE public.frozen (
    directory text NOT NULL,
    object text NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.goose_db_version (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.goose_db_version ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.goose_db_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.grp (
    dir smallint NOT NULL,
    object uuid NOT NULL,
    seen bigint NOT NULL,
    policy text NOT NULL,
    name text NOT NULL
);

CREATE TABLE public.help_call (
    id text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    name text NOT NULL,
    by_directory text NOT NULL,
    by_object text NOT NULL,
    by_name text NOT NULL,
    reason text NOT NULL,
    ticket text NOT NULL,
    credential text NOT NULL,
    kind text NOT NULL,
    label text NOT NULL,
    state bytea,
    made timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    ended timestamp with time zone,
    passed boolean DEFAULT false NOT NULL,
    CONSTRAINT help_call_check CHECK (((ended IS NOT NULL) OR (NOT passed))),
    CONSTRAINT help_call_object_check CHECK ((object <> ''::text)),
    CONSTRAINT help_call_tries_check CHECK (((tries >= 0) AND (tries <= 5)))
);

CREATE TABLE public.help_request (
    id text NOT NULL,
    action text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    method text NOT NULL,
    reason text NOT NULL,
    ticket text NOT NULL,
    name text NOT NULL,
    what text NOT NULL,
    by_directory text NOT NULL,
    by_object text NOT NULL,
    by_name text NOT NULL,
    made timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    decided timestamp with time zone,
    approved boolean DEFAULT false NOT NULL,
    decider_directory text DEFAULT ''::text NOT NULL,
    decider_object text DEFAULT ''::text NOT NULL,
    decider_name text DEFAULT ''::text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    used timestamp with time zone,
    CONSTRAINT help_request_check CHECK (((decided IS NOT NULL) OR (NOT approved))),
    CONSTRAINT help_request_check1 CHECK (((used IS NULL) OR approved)),
    CONSTRAINT help_request_check2 CHECK (((decider_directory <> by_directory) OR (decider_object <> by_object))),
    CONSTRAINT help_request_object_check CHECK ((object <> ''::text))
);

CREATE TABLE public.keyset (
    one boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    wrapped bytea NOT NULL,
    CONSTRAINT keyset_one_check CHECK (one)
);

CREATE TABLE public.member (
    dir smallint NOT NULL,
    child uuid NOT NULL,
    grp uuid NOT NULL,
    seen bigint NOT NULL
);

CREATE TABLE public.person (
    dir smallint NOT NULL,
    object uuid NOT NULL,
    seen bigint NOT NULL,
    gone timestamp with time zone,
    manager uuid,
    password_set timestamp with time zone,
    password_expires timestamp with time zone,
    locked_until timestamp with time zone,
    disabled boolean NOT NULL,
    expired boolean NOT NULL,
    locked boolean NOT NULL,
    password_expired boolean NOT NULL,
    must_change boolean NOT NULL,
    cannot_change boolean NOT NULL,
    privileged boolean NOT NULL,
    synced boolean NOT NULL,
    sam text NOT NULL,
    upn text NOT NULL,
    netbios text NOT NULL,
    path text NOT NULL,
    sid text NOT NULL,
    anchor text NOT NULL,
    display_name text NOT NULL,
    given_name text NOT NULL,
    mail text NOT NULL,
    mails text[] NOT NULL,
    language text NOT NULL,
    own_groups text[] NOT NULL,
    attributes jsonb NOT NULL
);

CREATE TABLE public.pilot_attempt (
    flow text NOT NULL,
    policy text NOT NULL,
    action text NOT NULL,
    started timestamp with time zone NOT NULL,
    ended timestamp with time zone NOT NULL,
    stage text NOT NULL,
    half boolean NOT NULL,
    at text NOT NULL,
    why text NOT NULL,
    CONSTRAINT pilot_attempt_stage_check CHECK ((stage = ANY (ARRAY['done'::text, 'refused'::text, 'expired'::text])))
);

CREATE TABLE public.pilot_tickets (
    pilot text NOT NULL,
    day date NOT NULL,
    tickets integer NOT NULL,
    CONSTRAINT pilot_tickets_tickets_check CHECK ((tickets >= 0))
);

CREATE TABLE public.resident (
    domain text NOT NULL,
    directory text NOT NULL,
    people bigint NOT NULL,
    counted timestamp with time zone NOT NULL
);

CREATE TABLE public.river_job (
    id bigint NOT NULL,
    state public.river_job_state DEFAULT 'available'::public.river_job_state NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    max_attempts smallint DEFAULT 25 NOT NULL,
    attempted_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finalized_at timestamp with time zone,
    scheduled_at timestamp with time zone DEFAULT now() NOT NULL,
    priority smallint DEFAULT 1 NOT NULL,
    args jsonb NOT NULL,
    attempted_by text[],
    errors jsonb[],
    kind text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    queue text DEFAULT 'default'::text NOT NULL,
    tags character varying(255)[] DEFAULT '{}'::character varying[] NOT NULL,
    unique_key bytea,
    unique_states bit(8),
    CONSTRAINT finalized_or_finalized_at_null CHECK ((((finalized_at IS NULL) AND (state <> ALL (ARRAY['cancelled'::public.river_job_state, 'completed'::public.river_job_state, 'discarded'::public.river_job_state]))) OR ((finalized_at IS NOT NULL) AND (state = ANY (ARRAY['cancelled'::public.river_job_state, 'completed'::public.river_job_state, 'discarded'::public.river_job_state]))))),
    CONSTRAINT kind_length CHECK (((char_length(kind) > 0) AND (char_length(kind) < 128))),
    CONSTRAINT max_attempts_is_positive CHECK ((max_attempts > 0)),
    CONSTRAINT priority_in_range CHECK (((priority >= 1) AND (priority <= 4))),
    CONSTRAINT queue_length CHECK (((char_length(queue) > 0) AND (char_length(queue) < 128)))
);

CREATE SEQUENCE public.river_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.river_job_id_seq OWNED BY public.river_job.id;

CREATE UNLOGGED TABLE public.river_leader (
    elected_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    leader_id text NOT NULL,
    name text DEFAULT 'default'::text NOT NULL,
    CONSTRAINT leader_id_length CHECK (((char_length(leader_id) > 0) AND (char_length(leader_id) < 128))),
    CONSTRAINT name_length CHECK ((name = 'default'::text))
);

CREATE TABLE public.river_migration (
    line text NOT NULL,
    version bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT line_length CHECK (((char_length(line) > 0) AND (char_length(line) < 128))),
    CONSTRAINT version_gte_1 CHECK ((version >= 1))
);

CREATE TABLE public.river_notification (
    id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (((length(topic) > 0) AND (length(topic) < 128)))
);

CREATE SEQUENCE public.river_notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.river_notification_id_seq OWNED BY public.river_notification.id;

CREATE TABLE public.river_queue (
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    paused_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE public.session (
    id text NOT NULL,
    token_hash bytea NOT NULL,
    version bigint NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    name text NOT NULL,
    display text NOT NULL,
    locale text NOT NULL,
    signed_in timestamp with time zone NOT NULL,
    proven timestamp with time zone,
    touched timestamp with time zone NOT NULL,
    expires timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    pending bytea,
    notice text NOT NULL,
    address text NOT NULL,
    agent text NOT NULL,
    CONSTRAINT session_object_check CHECK ((object <> ''::text)),
    CONSTRAINT session_token_hash_check CHECK ((length(token_hash) = 32))
)
WITH (fillfactor='70');

CREATE TABLE public.settings_version (
    number bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    document text NOT NULL,
    CONSTRAINT settings_version_number_check CHECK ((number > 0))
);

CREATE TABLE public.sms_charge (
    id text NOT NULL,
    at timestamp with time zone NOT NULL,
    account text NOT NULL,
    number bytea NOT NULL,
    block text NOT NULL,
    country text NOT NULL,
    segments integer NOT NULL,
    cost bigint NOT NULL,
    tries integer NOT NULL,
    CONSTRAINT sms_charge_cost_check CHECK ((cost >= 0)),
    CONSTRAINT sms_charge_segments_check CHECK ((segments > 0))
);

CREATE TABLE public.sms_day (
    day date NOT NULL,
    country text NOT NULL,
    messages bigint NOT NULL,
    segments bigint NOT NULL,
    cost bigint NOT NULL
);

CREATE TABLE public.sms_warning (
    day date NOT NULL,
    reason text NOT NULL
);

CREATE UNLOGGED TABLE public.spent (
    id text NOT NULL,
    until timestamp with time zone NOT NULL
);

CREATE TABLE public.survey (
    number bigint NOT NULL,
    side text NOT NULL,
    began timestamp with time zone NOT NULL,
    touched timestamp with time zone NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    ended timestamp with time zone,
    failed text DEFAULT ''::text NOT NULL,
    coverage jsonb
);

ALTER TABLE public.survey ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.survey_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.surveyed (
    survey bigint NOT NULL,
    name text NOT NULL,
    directory text NOT NULL,
    object text NOT NULL,
    sign_in text NOT NULL,
    policy text NOT NULL,
    unit text NOT NULL,
    groups text[] NOT NULL,
    methods text[] NOT NULL,
    reason text NOT NULL,
    eligible boolean NOT NULL,
    able boolean NOT NULL,
    used boolean NOT NULL,
    resistant boolean NOT NULL
);

CREATE TABLE public.sync_state (
    dir smallint NOT NULL,
    directory text NOT NULL,
    pass bigint DEFAULT 0 NOT NULL,
    kind text DEFAULT ''::text NOT NULL,
    wanted text DEFAULT ''::text NOT NULL,
    "position" bytea,
    begun timestamp with time zone,
    restarted timestamp with time zone,
    tried timestamp with time zone,
    told bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    current timestamp with time zone,
    complete timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    held timestamp with time zone,
    held_gone bigint DEFAULT 0 NOT NULL,
    held_of bigint DEFAULT 0 NOT NULL,
    approved bigint DEFAULT 0 NOT NULL,
    forgiven timestamp with time zone,
    paused timestamp with time zone,
    CONSTRAINT sync_state_kind_check CHECK ((kind = ANY (ARRAY[''::text, 'full'::text, 'changes'::text]))),
    CONSTRAINT sync_state_wanted_check CHECK ((wanted = ANY (ARRAY[''::text, 'full'::text, 'changes'::text])))
)
WITH (fillfactor='50');

ALTER TABLE public.sync_state ALTER COLUMN dir ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sync_state_dir_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.threat (
    number bigint NOT NULL,
    level text NOT NULL,
    at timestamp with time zone NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    author text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT threat_check CHECK (((until IS NULL) = (level = ''::text))),
    CONSTRAINT threat_level_check CHECK ((level = ANY (ARRAY[''::text, 'raise'::text, 'privileged'::text, 'stop'::text]))),
    CONSTRAINT threat_number_check CHECK ((number > 0))
);

CREATE TABLE public.unit (
    dir smallint NOT NULL,
    object uuid NOT NULL,
    seen bigint NOT NULL,
    path text NOT NULL,
    name text NOT NULL
);

ALTER TABLE ONLY public.river_job ALTER COLUMN id SET DEFAULT nextval('public.river_job_id_seq'::regclass);

ALTER TABLE ONLY public.river_notification ALTER COLUMN id SET DEFAULT nextval('public.river_notification_id_seq'::regclass);

ALTER TABLE ONLY public.admin_invitation
    ADD CONSTRAINT admin_invitation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.admin_invitation
    ADD CONSTRAINT admin_invitation_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.admin_passkey
    ADD CONSTRAINT admin_passkey_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.admin_session
    ADD CONSTRAINT admin_session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.admin_session
    ADD CONSTRAINT admin_session_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.attempt_head
    ADD CONSTRAINT attempt_head_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (flow);

ALTER TABLE ONLY public.audit_check
    ADD CONSTRAINT audit_check_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.audit_day_head
    ADD CONSTRAINT audit_day_head_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.audit_day
    ADD CONSTRAINT audit_day_pkey PRIMARY KEY (day, shape);

ALTER TABLE ONLY public.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.audit_search
    ADD CONSTRAINT audit_search_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_shape
    ADD CONSTRAINT audit_shape_name_outcome_actor_purpose_policy_factors_key UNIQUE (name, outcome, actor, purpose, policy, factors);

ALTER TABLE ONLY public.audit_shape
    ADD CONSTRAINT audit_shape_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.bucket
    ADD CONSTRAINT bucket_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.checkup
    ADD CONSTRAINT checkup_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.counter
    ADD CONSTRAINT counter_pkey PRIMARY KEY (key, lane);

ALTER TABLE ONLY public.credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_id_key UNIQUE (id);

ALTER TABLE ONLY public.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.directory_test
    ADD CONSTRAINT directory_test_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.flow
    ADD CONSTRAINT flow_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.flow
    ADD CONSTRAINT flow_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.frozen
    ADD CONSTRAINT frozen_pkey PRIMARY KEY (directory, object);

ALTER TABLE ONLY public.goose_db_version
    ADD CONSTRAINT goose_db_version_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.grp
    ADD CONSTRAINT grp_pkey PRIMARY KEY (dir, object);

ALTER TABLE ONLY public.help_call
    ADD CONSTRAINT help_call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.help_request
    ADD CONSTRAINT help_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.keyset
    ADD CONSTRAINT keyset_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (dir, child, grp);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (dir, object);

ALTER TABLE ONLY public.pilot_attempt
    ADD CONSTRAINT pilot_attempt_pkey PRIMARY KEY (flow);

ALTER TABLE ONLY public.pilot_tickets
    ADD CONSTRAINT pilot_tickets_pkey PRIMARY KEY (pilot, day);

ALTER TABLE ONLY public.resident
    ADD CONSTRAINT resident_pkey PRIMARY KEY (domain, directory);

ALTER TABLE ONLY public.river_job
    ADD CONSTRAINT river_job_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.river_leader
    ADD CONSTRAINT river_leader_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.river_migration
    ADD CONSTRAINT river_migration_pkey1 PRIMARY KEY (line, version);

ALTER TABLE ONLY public.river_notification
    ADD CONSTRAINT river_notification_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.river_queue
    ADD CONSTRAINT river_queue_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.settings_version
    ADD CONSTRAINT settings_version_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.sms_charge
    ADD CONSTRAINT sms_charge_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sms_day
    ADD CONSTRAINT sms_day_pkey PRIMARY KEY (day, country);

ALTER TABLE ONLY public.sms_warning
    ADD CONSTRAINT sms_warning_pkey PRIMARY KEY (day, reason);

ALTER TABLE ONLY public.spent
    ADD CONSTRAINT spent_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.survey
    ADD CONSTRAINT survey_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.surveyed
    ADD CONSTRAINT surveyed_pkey PRIMARY KEY (survey, name, directory, object);

ALTER TABLE ONLY public.sync_state
    ADD CONSTRAINT sync_state_directory_key UNIQUE (directory);

ALTER TABLE ONLY public.sync_state
    ADD CONSTRAINT sync_state_pkey PRIMARY KEY (dir);

ALTER TABLE ONLY public.threat
    ADD CONSTRAINT threat_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.unit
    ADD CONSTRAINT unit_pkey PRIMARY KEY (dir, object);

CREATE UNIQUE INDEX admin_invitation_open ON public.admin_invitation USING btree (directory, object) WHERE (used IS NULL);

CREATE INDEX admin_passkey_account ON public.admin_passkey USING btree (directory, object);

CREATE INDEX admin_session_account ON public.admin_session USING btree (directory, object);

CREATE INDEX admin_session_expires ON public.admin_session USING btree (expires);

CREATE INDEX attempt_account ON public.attempt USING btree (directory, object, started) WHERE (object <> ''::text);

CREATE INDEX attempt_started ON public.attempt USING btree (started);

CREATE INDEX audit_event_account ON public.audit_event USING btree (directory, object, seq) WHERE (object <> ''::text);

CREATE INDEX audit_event_address ON public.audit_event USING btree ((((personal ->> 'address'::text))::inet), seq) WHERE ((personal ->> 'address'::text) IS NOT NULL);

CREATE INDEX audit_event_blocked ON public.audit_event USING btree (at) WHERE (name = 'account.blocked'::text);

CREATE INDEX audit_event_by ON public.audit_event USING btree (by, seq) WHERE (by <> ''::text);

CREATE INDEX audit_event_flow ON public.audit_event USING btree (flow) WHERE (flow <> ''::text);

CREATE INDEX audit_event_role ON public.audit_event USING btree (role, seq) WHERE (role <> ''::text);

CREATE INDEX audit_event_settings ON public.audit_event USING btree (settings, seq) WHERE (settings > 0);

CREATE INDEX audit_event_shape ON public.audit_event USING btree (shape, seq);

CREATE INDEX audit_event_ticket ON public.audit_event USING btree (ticket, seq) WHERE (ticket <> ''::text);

CREATE INDEX audit_event_typed ON public.audit_event USING btree (lower(((personal -> 'detail'::text) ->> 'name'::text)), seq) WHERE (((personal -> 'detail'::text) ->> 'name'::text) IS NOT NULL);

CREATE INDEX audit_search_account ON public.audit_search USING btree (directory, object);

CREATE INDEX completed_account ON public.completed USING btree (directory, object, at);

CREATE INDEX completed_country ON public.completed USING btree (country);

CREATE INDEX credential_account ON public.credential USING btree (directory, object, created);

CREATE INDEX delivery_account ON public.delivery USING btree (account, number) WHERE (account <> ''::text);

CREATE INDEX delivery_at ON public.delivery USING btree (at);

CREATE INDEX delivery_state ON public.delivery USING btree (state, number) WHERE (state <> 'sent'::text);

CREATE INDEX directory_test_begun ON public.directory_test USING btree (begun);

CREATE INDEX failure_key ON public.failure USING btree (key, at);

CREATE INDEX flow_account ON public.flow USING btree (directory, object) WHERE (object <> ''::text);

CREATE INDEX flow_ended ON public.flow USING btree (ended) WHERE (ended IS NOT NULL);

CREATE INDEX flow_open ON public.flow USING btree (expires) WHERE (ended IS NULL);

CREATE INDEX grp_policy ON public.grp USING btree (dir, policy);

CREATE INDEX help_call_account ON public.help_call USING btree (directory, object, ended);

CREATE INDEX help_call_made ON public.help_call USING btree (made);

CREATE INDEX help_request_account ON public.help_request USING btree (directory, object, made);

CREATE INDEX help_request_made ON public.help_request USING btree (made);

CREATE INDEX member_grp ON public.member USING btree (dir, grp);

CREATE INDEX person_anchor ON public.person USING btree (dir, anchor) WHERE ((anchor <> ''::text) AND (gone IS NULL));

CREATE INDEX person_gone ON public.person USING btree (dir, gone) WHERE (gone IS NOT NULL);

CREATE INDEX pilot_attempt_policy ON public.pilot_attempt USING btree (policy, started);

CREATE INDEX river_job_args_index ON public.river_job USING gin (args);

CREATE INDEX river_job_kind ON public.river_job USING btree (kind);

CREATE INDEX river_job_metadata_index ON public.river_job USING gin (metadata);

CREATE INDEX river_job_prioritized_fetching_index ON public.river_job USING btree (state, queue, priority, scheduled_at, id);

CREATE INDEX river_job_state_and_finalized_at_index ON public.river_job USING btree (state, finalized_at) WHERE (finalized_at IS NOT NULL);

CREATE UNIQUE INDEX river_job_unique_idx ON public.river_job USING btree (unique_key) WHERE ((unique_key IS NOT NULL) AND (unique_states IS NOT NULL) AND public.river_job_state_in_bitmask(unique_states, state));

CREATE INDEX river_notification_created_at_idx ON public.river_notification USING btree (created_at);

CREATE INDEX river_notification_topic_id_idx ON public.river_notification USING btree (topic, id);

CREATE INDEX session_account ON public.session USING btree (directory, object);

CREATE INDEX session_expires ON public.session USING btree (expires);

CREATE INDEX sms_charge_account ON public.sms_charge USING btree (account, at);

CREATE INDEX sms_charge_at ON public.sms_charge USING btree (at);

CREATE INDEX sms_charge_block ON public.sms_charge USING btree (block, at);

CREATE INDEX survey_side ON public.survey USING btree (side, number);

CREATE TRIGGER audit_event_keep BEFORE DELETE OR UPDATE ON public.audit_event FOR EACH ROW EXECUTE FUNCTION public.audit_event_keep();

CREATE TRIGGER audit_event_keep_all BEFORE TRUNCATE ON public.audit_event FOR EACH STATEMENT EXECUTE FUNCTION public.audit_event_keep();

ALTER TABLE ONLY public.surveyed
    ADD CONSTRAINT surveyed_survey_fkey FOREIGN KEY (survey) REFERENCES public.survey(number) ON DELETE CASCADE;
