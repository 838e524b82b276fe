-- Words that both SQLite and PostgreSQL take. Ids are UUIDs as text; moments are milliseconds since
-- 1970-01-01T00:00:00Z; yes and no are 1 and 0.

CREATE TABLE meta (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE queues (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE agents (
    id    TEXT NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE
);

CREATE TABLE agent_states (
    agent_id       TEXT   NOT NULL PRIMARY KEY,
    state          TEXT   NOT NULL,
    reason         TEXT,
    since          BIGINT NOT NULL,
    idle_since     BIGINT NOT NULL,
    ready_seq      BIGINT NOT NULL,
    interaction_id TEXT
);

CREATE TABLE customers (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT,
    company    TEXT,
    email      TEXT,
    notes      TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX customers_by_age ON customers (created_at, id);

CREATE TABLE customer_numbers (
    number      TEXT   NOT NULL PRIMARY KEY,
    customer_id TEXT   NOT NULL REFERENCES customers (id),
    place       BIGINT NOT NULL
);
CREATE INDEX customer_numbers_by_customer ON customer_numbers (customer_id, place);

CREATE TABLE interactions (
    id            TEXT   NOT NULL PRIMARY KEY,
    channel       TEXT   NOT NULL,
    customer_id   TEXT   REFERENCES customers (id),
    caller_number TEXT,
    caller_name   TEXT,
    dialed_number TEXT,
    trunk         TEXT,
    flow          TEXT   NOT NULL,
    flow_version  TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    answered_at   BIGINT,
    connected_at  BIGINT,
    ended_at      BIGINT,
    outcome       TEXT,
    end_cause     TEXT,
    queue_id      TEXT,
    agent_id      TEXT,
    notes         TEXT
);
CREATE INDEX interactions_by_age ON interactions (started_at, id);
CREATE INDEX interactions_by_customer ON interactions (customer_id, started_at);
CREATE INDEX interactions_open ON interactions (id) WHERE ended_at IS NULL;

CREATE TABLE menu_choices (
    seq            BIGINT NOT NULL PRIMARY KEY,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    at             BIGINT NOT NULL,
    block          TEXT   NOT NULL,
    pressed        TEXT   NOT NULL,
    label          TEXT   NOT NULL
);
CREATE INDEX menu_choices_by_interaction ON menu_choices (interaction_id, seq);

CREATE TABLE tags (
    interaction_id TEXT NOT NULL REFERENCES interactions (id),
    name           TEXT NOT NULL,
    value          TEXT NOT NULL,
    PRIMARY KEY (interaction_id, name)
);

CREATE TABLE queue_entries (
    id             TEXT   NOT NULL PRIMARY KEY,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    queue_id       TEXT   NOT NULL,
    entered_at     BIGINT NOT NULL,
    v              BIGINT NOT NULL,
    class          BIGINT NOT NULL,
    requirement    TEXT   NOT NULL,
    left_at        BIGINT,
    outcome        TEXT,
    agent_id       TEXT
);
CREATE INDEX queue_entries_by_interaction ON queue_entries (interaction_id, entered_at);
CREATE INDEX queue_entries_by_queue ON queue_entries (queue_id, entered_at);
CREATE INDEX queue_entries_open ON queue_entries (id) WHERE left_at IS NULL;

CREATE TABLE offers (
    epoch          BIGINT NOT NULL,
    number         BIGINT NOT NULL,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    entry_id       TEXT   NOT NULL,
    queue_id       TEXT   NOT NULL,
    agent_id       TEXT   NOT NULL,
    made_at        BIGINT NOT NULL,
    ended_at       BIGINT,
    outcome        TEXT,
    PRIMARY KEY (epoch, number)
);
CREATE INDEX offers_by_interaction ON offers (interaction_id, made_at);
CREATE INDEX offers_open ON offers (epoch, number) WHERE ended_at IS NULL;

CREATE TABLE legs (
    id             TEXT   NOT NULL PRIMARY KEY,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    role           TEXT   NOT NULL,
    agent_id       TEXT,
    sip_call_id    TEXT   NOT NULL,
    started_at     BIGINT NOT NULL,
    connected_at   BIGINT,
    ended_at       BIGINT,
    cause          TEXT,
    quality        TEXT
);
CREATE INDEX legs_by_interaction ON legs (interaction_id, started_at);
CREATE INDEX legs_open ON legs (id) WHERE ended_at IS NULL;

CREATE TABLE recordings (
    id             TEXT   NOT NULL PRIMARY KEY,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    place          BIGINT NOT NULL,
    path           TEXT   NOT NULL,
    sample_rate    BIGINT NOT NULL,
    started_at     BIGINT NOT NULL,
    finished_at    BIGINT,
    frames         BIGINT,
    gap_ms         BIGINT,
    recovered      BIGINT NOT NULL
);
CREATE INDEX recordings_by_interaction ON recordings (interaction_id, place);
CREATE INDEX recordings_by_age ON recordings (started_at);
CREATE INDEX recordings_open ON recordings (id) WHERE finished_at IS NULL;

CREATE TABLE wrap_ups (
    seq            BIGINT NOT NULL PRIMARY KEY,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    agent_id       TEXT   NOT NULL,
    started_at     BIGINT NOT NULL,
    ended_at       BIGINT
);
CREATE INDEX wrap_ups_by_interaction ON wrap_ups (interaction_id, seq);

CREATE TABLE decisions (
    seq            BIGINT NOT NULL PRIMARY KEY,
    at             BIGINT NOT NULL,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    decision       TEXT   NOT NULL
);
CREATE INDEX decisions_by_interaction ON decisions (interaction_id, seq);

-- No reference to interactions: the log is whole even where a row is gone.
CREATE TABLE events (
    seq            BIGINT NOT NULL PRIMARY KEY,
    at             BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    interaction_id TEXT,
    payload        TEXT   NOT NULL
);
CREATE INDEX events_by_interaction ON events (interaction_id, seq);

-- Interactions whose interaction.json is behind these rows.
CREATE TABLE documents_due (
    interaction_id TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE registrations (
    extension  TEXT   NOT NULL,
    contact    TEXT   NOT NULL,
    instance   TEXT,
    source     TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    cseq       BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (extension, contact)
);

CREATE TABLE tokens (
    hash        TEXT   NOT NULL PRIMARY KEY,
    role        TEXT   NOT NULL,
    agent_login TEXT,
    created_at  BIGINT NOT NULL
);
