-- What a caller said when asked whether the call may be recorded; the last word counts.
CREATE TABLE recording_consents (
    interaction_id TEXT   NOT NULL PRIMARY KEY REFERENCES interactions (id),
    at             BIGINT NOT NULL,
    granted        BIGINT NOT NULL,
    by_key         BIGINT NOT NULL
);
