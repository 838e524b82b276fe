-- Flows that are to be published at a time: one plan a flow, with the texts that were agreed. `refused` says why it did not
-- happen; such a plan stands until somebody takes it away or plans anew.
CREATE TABLE flow_plans (
    flow       TEXT   NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    text       TEXT   NOT NULL,
    tests      TEXT,
    base       BIGINT,
    comment    TEXT   NOT NULL,
    accepted   TEXT,
    percent    BIGINT,
    planned_by TEXT   NOT NULL,
    by_user    BIGINT NOT NULL,
    role       TEXT   NOT NULL,
    planned_at BIGINT NOT NULL,
    refused    TEXT
);
