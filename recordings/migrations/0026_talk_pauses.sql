-- When customer and agent did not hear each other: silence in a recording, and the time that does not count as talk.
CREATE TABLE talk_pauses (
    seq            BIGINT NOT NULL PRIMARY KEY,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    recording_id   TEXT,
    cause          TEXT   NOT NULL,
    started_at     BIGINT NOT NULL,
    ended_at       BIGINT
);
CREATE INDEX talk_pauses_by_interaction ON talk_pauses (interaction_id, seq);
