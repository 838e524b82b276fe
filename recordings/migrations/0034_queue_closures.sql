-- Queues that a supervisor closed for now, each closing a row; one without an end in `opened_at` is in force.
CREATE TABLE queue_closures (
    id             TEXT   NOT NULL PRIMARY KEY,
    queue_id       TEXT   NOT NULL,
    closed_at      BIGINT NOT NULL,
    ends_at        BIGINT,
    waiting        TEXT   NOT NULL,
    message        TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    user_id        TEXT,
    opened_at      BIGINT,
    opened_by      TEXT,
    opened_cause   TEXT
);
CREATE INDEX queue_closures_by_queue ON queue_closures (queue_id, closed_at);
-- Why a queue did not take or keep a caller, and the closing that kept them out.
ALTER TABLE queue_entries ADD COLUMN refusal TEXT;
ALTER TABLE queue_entries ADD COLUMN closure_id TEXT;
