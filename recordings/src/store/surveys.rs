//! What callers answered in surveys.
//!
//! **Owns**: the table `survey_answers`. A question that was asked and not answered has a row without an answer, so that
//! the share of those who answered can be counted. **Must not know**: what answers mean.

use super::Conn;
use super::many::of_interactions;
use super::record::SurveyAnswer;
use super::row::{RowExt as _, big, unreadable};
use crate::error::StoreError;
use router::Timestamp;
use router::id::InteractionId;
use std::collections::HashMap;

pub(crate) async fn answered(
    conn: &mut Conn,
    seq: u64,
    id: InteractionId,
    at: Timestamp,
    (question, answer): (&str, Option<u8>),
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO survey_answers (seq, interaction_id, at, question, answer) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (seq) DO NOTHING",
    )
    .bind(big(seq))
    .bind(id.to_string())
    .bind(at.millis())
    .bind(question)
    .bind(answer.map(i64::from))
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    ids: &[InteractionId],
) -> Result<HashMap<InteractionId, Vec<SurveyAnswer>>, StoreError> {
    let asked = ("SELECT * FROM survey_answers", "interaction_id", "seq");
    of_interactions(conn, asked, ids, |row| {
        let answer = row.opt_int("answer")?;
        let digit = |answer| u8::try_from(answer).map_err(|_| unreadable("answer"));
        Ok(SurveyAnswer {
            at: row.at("at")?,
            question: row.text("question")?,
            answer: answer.map(digit).transpose()?,
        })
    })
    .await
}
