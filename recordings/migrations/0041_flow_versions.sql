-- Flows whose master is this database: versions never change, an alias says which of them calls take, a draft is what
-- somebody types (without a text: it was published; its revisions go on counting). `base` is the version that was live
-- when this one was made.
CREATE TABLE flow_versions (
    flow     TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    hash     TEXT   NOT NULL,
    text     TEXT   NOT NULL,
    tests    TEXT,
    author   TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,
    comment  TEXT   NOT NULL,
    base     BIGINT,
    accepted TEXT,
    report   TEXT   NOT NULL,
    PRIMARY KEY (flow, number)
);
CREATE TABLE flow_aliases (
    flow     TEXT   NOT NULL,
    alias    TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    canary   BIGINT,
    percent  BIGINT,
    moved_at BIGINT NOT NULL,
    moved_by TEXT   NOT NULL,
    PRIMARY KEY (flow, alias),
    FOREIGN KEY (flow, version) REFERENCES flow_versions (flow, number)
);
CREATE TABLE flow_drafts (
    flow     TEXT   NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    text     TEXT,
    tests    TEXT,
    base     BIGINT,
    author   TEXT   NOT NULL,
    saved_at BIGINT NOT NULL,
    report   TEXT   NOT NULL
);
-- How a version's calls end, for a canary.
CREATE INDEX interactions_by_flow ON interactions (flow, flow_version, started_at);
