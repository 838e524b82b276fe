-- Questions of surveys that callers were asked, and their answers; no answer: asked in vain.
CREATE TABLE survey_answers (
    seq            BIGINT NOT NULL PRIMARY KEY,
    interaction_id TEXT   NOT NULL REFERENCES interactions (id),
    at             BIGINT NOT NULL,
    question       TEXT   NOT NULL,
    answer         BIGINT
);
CREATE INDEX survey_answers_by_interaction ON survey_answers (interaction_id, seq);
CREATE INDEX survey_answers_by_question ON survey_answers (question, at);
