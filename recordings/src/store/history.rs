//! What a queue was like minute by minute, derived from `queue_entries`: it is the same for whoever asks, and is still
//! there after a restart.
//!
//! **Owns**: [`QueueHistory`] and what each of its numbers means. Counting is pure, in [`count`].

use super::Store;
use super::row::RowExt as _;
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use router::id::QueueId;
use router::outcome::EntryOutcome;
use serde::Serialize;
use std::time::Duration;

/// From one point to the next.
pub const STEP: Duration = Duration::from_secs(60);
/// From one count to the next.
pub const INTERVAL: Duration = Duration::from_secs(300);

/// A queue's last minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QueueHistory {
    /// One for each minute, the oldest first; the last one is not over.
    pub points: Vec<Point>,
    /// One for each five minutes, the oldest first; the first begins with or before the points, the last one is not over.
    pub counts: Vec<Count>,
}

/// One minute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Its beginning.
    pub at: Utc,
    /// The most callers who waited at once in it.
    pub waiting: u64,
    /// The longest that somebody who waited in it had waited by its end, or by leaving, in seconds.
    pub longest_wait: f64,
}

/// Five minutes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Count {
    /// Their beginning.
    pub at: Utc,
    /// Waits that ended in them because an agent answered.
    pub answered: u64,
    /// Waits that ended in them because the caller hung up after the short-abandon limit.
    pub abandoned: u64,
}

/// One waiting, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Wait {
    from: i64,
    to: Option<i64>,
    outcome: Option<EntryOutcome>,
}

impl Store {
    /// The last `minutes` of a queue, at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn queue_history(
        &self,
        queue: QueueId,
        minutes: u32,
        now: Timestamp,
    ) -> Result<QueueHistory, StoreError> {
        let begin = first_count(now.millis(), minutes);
        // Two questions for one index: who left since, and who is still there.
        let rows = sqlx::query(
            "SELECT entered_at, left_at, outcome FROM queue_entries \
             WHERE queue_id = $1 AND left_at >= $2 \
             UNION ALL SELECT entered_at, left_at, outcome FROM queue_entries \
             WHERE queue_id = $3 AND left_at IS NULL",
        )
        .bind(queue.to_string())
        .bind(begin)
        .bind(queue.to_string())
        .fetch_all(&mut *self.read().await?)
        .await?;
        let mut waits = Vec::with_capacity(rows.len());
        for row in rows {
            waits.push(Wait {
                from: row.int("entered_at")?,
                to: row.opt_int("left_at")?,
                outcome: row.opt_word("outcome", EntryOutcome::from_name)?,
            });
        }
        Ok(count(&waits, minutes, now.millis()))
    }
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// The beginning of the first minute.
fn first_point(now: i64, minutes: u32) -> i64 {
    let step = millis(STEP);
    now.div_euclid(step) * step - step * (i64::from(minutes) - 1)
}

fn first_count(now: i64, minutes: u32) -> i64 {
    let interval = millis(INTERVAL);
    first_point(now, minutes).div_euclid(interval) * interval
}

/// The moments from `first` until now, `step` apart.
fn moments(first: i64, step: i64, now: i64) -> impl Iterator<Item = i64> {
    (0..)
        .map(move |n| first + n * step)
        .take_while(move |at| *at <= now)
}

fn count(waits: &[Wait], minutes: u32, now: i64) -> QueueHistory {
    let (step, interval) = (millis(STEP), millis(INTERVAL));
    let first = first_point(now, minutes);
    let mut points: Vec<Point> = moments(first, step, now)
        .map(|at| Point {
            at: Utc::from_millis(at),
            waiting: 0,
            longest_wait: 0.0,
        })
        .collect();
    longest(waits, first, now, &mut points);
    most(waits, first, &mut points);
    let begin = first_count(now, minutes);
    let mut counts: Vec<Count> = moments(begin, interval, now)
        .map(|at| Count {
            at: Utc::from_millis(at),
            answered: 0,
            abandoned: 0,
        })
        .collect();
    for wait in waits {
        let Some(count) = wait
            .to
            .and_then(|left| counts.get_mut(place(left, begin, interval)?))
        else {
            continue;
        };
        match wait.outcome {
            Some(EntryOutcome::Answered) => count.answered += 1,
            Some(EntryOutcome::Abandoned) => count.abandoned += 1,
            _ => {}
        }
    }
    QueueHistory { points, counts }
}

/// Which of the steps a moment lies in; none for one before the first.
fn place(at: i64, first: i64, step: i64) -> Option<usize> {
    usize::try_from((at - first).div_euclid(step)).ok()
}

/// Somebody who waits has waited longer with each minute, until the end of the last one.
fn longest(waits: &[Wait], first: i64, now: i64, points: &mut [Point]) {
    let step = millis(STEP);
    for wait in waits {
        let left = wait.to.unwrap_or(now).min(now);
        // Who leaves as a minute begins did not wait in it.
        let until = if wait.to.is_some() { left - 1 } else { left };
        let Some(last) = place(until.max(wait.from), first, step) else {
            continue;
        };
        let begun = place(wait.from, first, step).unwrap_or(0);
        for point in points.iter_mut().take(last + 1).skip(begun) {
            let by = left.min(point.at.0.millis() + step);
            point.longest_wait = point.longest_wait.max(seconds(by - wait.from));
        }
    }
}

/// Goes through all comings and goings in order. Who leaves in the moment in which another comes has left before.
fn most(waits: &[Wait], first: i64, points: &mut [Point]) {
    let step = millis(STEP);
    let mut changes: Vec<(i64, i64)> = Vec::with_capacity(waits.len() * 2);
    for wait in waits {
        changes.push((wait.from, 1));
        changes.extend(wait.to.map(|left| (left.max(wait.from + 1), -1)));
    }
    changes.sort_unstable();
    let mut there: i64 = 0;
    let mut next = changes.into_iter().peekable();
    for (n, point) in (0..).zip(points) {
        let begin = first + n * step;
        while let Some((_, change)) = next.next_if(|(at, _)| *at <= begin) {
            there += change;
        }
        let mut most = there;
        while let Some((_, change)) = next.next_if(|(at, _)| *at < begin + step) {
            there += change;
            most = most.max(there);
        }
        point.waiting = u64::try_from(most).unwrap_or(0);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "waits of a day are far below 2^53 ms"
)]
fn seconds(millis: i64) -> f64 {
    millis.max(0) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    /// 10:02:30 of some day.
    const NOW: i64 = 1_700_042_400_000 + 150_000;

    fn wait(from: i64, to: Option<i64>, outcome: Option<EntryOutcome>) -> Wait {
        Wait { from, to, outcome }
    }

    /// By minutes before the present one, 0 is the one that is not over.
    fn back(history: &QueueHistory, minutes: usize) -> (u64, f64) {
        let point = &history.points[history.points.len() - 1 - minutes];
        (point.waiting, point.longest_wait)
    }

    #[test]
    fn nobody_came() {
        let history = count(&[], 60, NOW);
        assert_eq!(history.points.len(), 60);
        assert_eq!(history.counts.len(), 13);
        let first = history.points[0].at.0.millis();
        assert_eq!(first, NOW.div_euclid(MINUTE) * MINUTE - 59 * MINUTE);
        let begin = history.counts[0].at.0.millis();
        assert!(begin <= first && begin % (5 * MINUTE) == 0);
        assert!(history.points.iter().all(|point| point.waiting == 0));
        assert_eq!(count(&[], 1, NOW).points.len(), 1);
    }

    #[test]
    fn each_minute_has_its_most_and_its_longest() {
        let minute = NOW.div_euclid(MINUTE) * MINUTE;
        let answered = Some(EntryOutcome::Answered);
        let history = count(
            &[
                // One before the other, never both.
                wait(minute - 170_000, Some(minute - 160_000), answered),
                wait(minute - 160_000, Some(minute - 150_000), answered),
                // Two at once, for a moment that no sample would meet.
                wait(minute - 110_000, Some(minute - 70_000), answered),
                wait(
                    minute - 80_000,
                    Some(minute - 79_000),
                    Some(EntryOutcome::Abandoned),
                ),
                // Still there.
                wait(minute - 10_000, None, None),
                // Came before the first minute.
                wait(
                    minute - 120 * MINUTE,
                    Some(minute - 50 * MINUTE),
                    Some(EntryOutcome::TimedOut),
                ),
            ],
            60,
            NOW,
        );
        assert_eq!(back(&history, 0), (1, 40.0));
        assert_eq!(back(&history, 1), (1, 10.0));
        assert_eq!(back(&history, 2), (2, 40.0));
        assert_eq!(back(&history, 3), (1, 10.0));
        assert_eq!(back(&history, 4), (0, 0.0));
        assert_eq!(back(&history, 51), (1, 4_200.0), "waited until then");
        assert_eq!(back(&history, 59).0, 1);
        assert_eq!(back(&history, 50), (0, 0.0));
        let sum = |of: fn(&Count) -> u64| history.counts.iter().map(of).sum::<u64>();
        assert_eq!(sum(|count| count.answered), 3);
        assert_eq!(sum(|count| count.abandoned), 1);
    }

    #[test]
    fn an_end_counts_where_it_lies() {
        let interval = NOW.div_euclid(5 * MINUTE) * 5 * MINUTE;
        let at = |left| {
            let left = wait(left - 7_000, Some(left), Some(EntryOutcome::Answered));
            let counts = count(&[left], 60, NOW).counts;
            counts.iter().rev().position(|count| count.answered == 1)
        };
        assert_eq!(at(interval), Some(0));
        assert_eq!(at(interval - 1), Some(1));
        assert_eq!(at(interval - 61 * MINUTE), None);
        // A clock that was put back: nothing is counted that is not there.
        assert_eq!(at(NOW + 600_000), None);
    }
}
