//! What happened in a queue since a moment (today's midnight, for the API).
//!
//! **Owns**: the counters and the formula of the service level. Every number is derived from `queue_entries`.
//!
//! The identity that must hold: `entered` equals the sum of the outcomes plus `waiting`, because only entries that
//! began since the moment are counted.

use super::Store;
use super::row::RowExt as _;
use crate::error::StoreError;
use router::Timestamp;
use router::id::QueueId;
use serde::Serialize;
use std::time::Duration;

/// Names the formula `answered_in_time / (answered + abandoned)`: waits run from the entry to the agent's answer,
/// ringing included; those who left within `short_abandon` count nowhere; ends that are not the customer's doing
/// count nowhere either. Numbers of different formulas are never compared.
pub const SERVICE_LEVEL_FORMULA: &str = "sl_v1";

/// Counters of one queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueueCounters {
    /// Callers who began to wait.
    pub entered: u64,
    /// Of these, how many still wait.
    pub waiting: u64,
    /// How the others left.
    #[serde(flatten)]
    pub outcomes: OutcomeCounters,
    /// Answered within the target.
    pub answered_in_time: u64,
    /// The target in seconds.
    pub service_level_target: f64,
    /// 0 to 1; none when nobody counts yet.
    pub service_level: Option<f64>,
    /// [`SERVICE_LEVEL_FORMULA`].
    pub service_level_formula: &'static str,
    /// Mean wait of the answered in seconds; none when nobody was answered.
    pub average_wait: Option<f64>,
    /// Longest wait of the answered in seconds.
    pub longest_wait: Option<f64>,
}

/// How many left by each outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeCounters {
    /// An agent answered.
    pub answered: u64,
    /// Hung up.
    pub abandoned: u64,
    /// Hung up within `short_abandon`.
    pub short_abandoned: u64,
    /// Went on to another queue.
    pub overflowed: u64,
    /// Left by a key.
    pub key_exit: u64,
    /// Asked to be called back.
    pub callback: u64,
    /// Left a message.
    pub voicemail: u64,
    /// `max_wait` passed.
    pub timed_out: u64,
    /// Full, closed or nobody there.
    pub refused: u64,
    /// Our fault.
    pub failed: u64,
}

impl Store {
    /// Counters of the entries that began at or after `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_counters(
        &self,
        queue: QueueId,
        since: Timestamp,
        service_level: Duration,
    ) -> Result<QueueCounters, StoreError> {
        let target = i64::try_from(service_level.as_millis()).unwrap_or(i64::MAX);
        let rows = sqlx::query(
            "SELECT outcome, COUNT(*) AS entries, \
             COUNT(CASE WHEN left_at - entered_at <= $1 THEN 1 END) AS in_time, \
             CAST(SUM(left_at - entered_at) AS BIGINT) AS waited, \
             MAX(left_at - entered_at) AS longest \
             FROM queue_entries WHERE queue_id = $2 AND entered_at >= $3 GROUP BY outcome",
        )
        .bind(target)
        .bind(queue.to_string())
        .bind(since.millis())
        .fetch_all(&mut *self.read().await?)
        .await?;
        let mut counters = QueueCounters {
            service_level_target: service_level.as_secs_f64(),
            service_level_formula: SERVICE_LEVEL_FORMULA,
            ..QueueCounters::default()
        };
        for row in rows {
            let entries: u64 = row.count("entries")?;
            counters.entered += entries;
            let Some(outcome) = row.opt_text("outcome")? else {
                counters.waiting += entries;
                continue;
            };
            *counters.outcomes.of(&outcome) += entries;
            if outcome == "answered" {
                counters.answered_in_time = row.count("in_time")?;
                counters.average_wait = Some(as_seconds(row.int("waited")?) / as_float(entries));
                counters.longest_wait = row.opt_int("longest")?.map(as_seconds);
            }
        }
        let base = counters.outcomes.answered + counters.outcomes.abandoned;
        counters.service_level =
            (base > 0).then(|| as_float(counters.answered_in_time) / as_float(base));
        Ok(counters)
    }
}

impl OutcomeCounters {
    fn of(&mut self, outcome: &str) -> &mut u64 {
        match outcome {
            "answered" => &mut self.answered,
            "abandoned" => &mut self.abandoned,
            "short_abandoned" => &mut self.short_abandoned,
            "overflowed" => &mut self.overflowed,
            "key_exit" => &mut self.key_exit,
            "callback" => &mut self.callback,
            "voicemail" => &mut self.voicemail,
            "timed_out" => &mut self.timed_out,
            "refused" => &mut self.refused,
            _ => &mut self.failed,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a day are far below 2^53"
)]
fn as_float(count: u64) -> f64 {
    count as f64
}

fn as_seconds(millis: i64) -> f64 {
    as_float(millis.unsigned_abs()) / 1_000.0
}
