-- Quarters of an hour of queues and agents, counted from the log: `counts` is JSON, the same bytes whenever it is counted anew.
CREATE TABLE queue_intervals (
    queue_id  TEXT   NOT NULL,
    begins_at BIGINT NOT NULL,
    counts    TEXT   NOT NULL,
    PRIMARY KEY (queue_id, begins_at)
);
CREATE TABLE agent_intervals (
    agent_id  TEXT   NOT NULL,
    begins_at BIGINT NOT NULL,
    counts    TEXT   NOT NULL,
    PRIMARY KEY (agent_id, begins_at)
);
-- What the counting remembers between two lines, as of the line `seq`: one row, of the version that counted.
CREATE TABLE interval_state (
    version BIGINT NOT NULL PRIMARY KEY,
    seq     BIGINT NOT NULL,
    fold    TEXT   NOT NULL
);
