-- The loudness of a finished recording in columns, for its picture: computed when somebody first looks. Each lane is
-- two hexadecimal characters a column.
CREATE TABLE recording_peaks (
    recording_id   TEXT NOT NULL PRIMARY KEY REFERENCES recordings (id),
    customer_lane  TEXT NOT NULL,
    agent_lane     TEXT NOT NULL
);
