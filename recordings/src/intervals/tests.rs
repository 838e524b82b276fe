//! Rows counted in pieces are the rows of the whole log, byte for byte.

use super::*;
use crate::projector::apply_batch;
use crate::store::intervals::KeptIntervals;
use crate::testing::{AGENT, PHASES, Phase, QUEUE, at, call, numbered};
use router::LogLine;
use router::metrics::quarter_of;

/// Calls that stop in every phase, and three whole ones.
fn log() -> Vec<LogLine> {
    let mut lines = Vec::new();
    let phases = PHASES.into_iter().chain([Phase::Over; 3]);
    for (n, phase) in (0..).zip(phases) {
        let next = lines.len() as u64 + 1;
        lines.extend(numbered(next, call(n, phase)));
    }
    lines
}

async fn store() -> (tempfile::TempDir, Store) {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(&temp.path().join("cordboard.db"))
        .await
        .unwrap();
    store.agent_id("ana", AGENT).await.unwrap();
    store.queue_id("support", QUEUE).await.unwrap();
    (temp, store)
}

/// As if nothing had ever been kept.
fn from_the_beginning(lines: &[LogLine]) -> KeptIntervals {
    let (mut fold, mut rows) = (Fold::default(), Rows::default());
    for line in lines {
        fold.read(line, &mut rows);
    }
    KeptIntervals::of(&fold, &rows).unwrap()
}

#[tokio::test]
async fn rows_are_those_of_the_whole_log_wherever_the_counting_died() {
    let lines = log();
    let whole = from_the_beginning(&lines);
    assert!(whole.queues.len() == 1 && whole.agents.len() == 1);
    for cut in (0..lines.len()).step_by(7) {
        let (_temp, store) = store().await;
        let (before, after) = lines.split_at(cut);
        for some in [before, after] {
            apply_batch(&store, some).await.unwrap();
            // Each time another counting, which knows nothing but the database.
            let (mut counting, _) = Intervals::new(store.clone());
            counting.catch_up().await.unwrap();
            counting.catch_up().await.unwrap();
        }
        assert_eq!(store.kept_intervals().await.unwrap(), whole, "cut at {cut}");
    }
}

#[tokio::test]
async fn what_was_counted_in_another_way_is_counted_anew() {
    let lines = log();
    let (_temp, store) = store().await;
    apply_batch(&store, &lines).await.unwrap();
    let (mut counting, _) = Intervals::new(store.clone());
    counting.catch_up().await.unwrap();
    let mut tx = store.write().await.unwrap();
    sqlx::query("UPDATE interval_state SET version = 0")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query("UPDATE queue_intervals SET begins_at = 5")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    Intervals::new(store.clone()).0.catch_up().await.unwrap();
    assert_eq!(
        store.kept_intervals().await.unwrap(),
        from_the_beginning(&lines)
    );
}

#[tokio::test]
async fn rows_are_read_by_time_and_agree_with_the_record() {
    let (_temp, store) = store().await;
    apply_batch(&store, &log()).await.unwrap();
    Intervals::new(store.clone()).0.catch_up().await.unwrap();
    let begin = quarter_of(at(0));
    let rows = store
        .queue_intervals(QUEUE, begin, begin + router::metrics::QUARTER)
        .await
        .unwrap();
    let row = &rows[&begin];
    let waiting = store
        .waiting_at(QUEUE, begin + router::metrics::QUARTER)
        .await
        .unwrap();
    assert_eq!(row.entered, row.left_all() + waiting);
    assert!(waiting > 0 && row.entered > 3);
    let earlier = store.queue_intervals(QUEUE, at(-5_000), begin).await;
    assert!(earlier.unwrap().is_empty());
    let agents = store
        .agent_intervals(AGENT, begin, begin + router::metrics::QUARTER)
        .await
        .unwrap();
    assert!(agents[&begin].talk.count >= 3, "{agents:?}");
}

/// Lines that nobody can read in the database are counted all the same: they were handed on.
#[tokio::test]
async fn what_is_handed_on_is_not_read_again() {
    let lines = log();
    let (_temp, store) = store().await;
    let (mut counting, hand) = Intervals::new(store.clone());
    for some in lines.chunks(7) {
        hand.send(some.to_vec()).await.unwrap();
        counting.catch_up().await.unwrap();
    }
    let whole = from_the_beginning(&lines);
    assert_eq!(store.kept_intervals().await.unwrap(), whole);
}

/// Too much at once, a piece that is missing, one that comes twice: the database has them all.
#[tokio::test]
async fn what_was_not_handed_on_is_read() {
    let lines = log();
    let (_temp, store) = store().await;
    apply_batch(&store, &lines).await.unwrap();
    let whole = from_the_beginning(&lines);
    for missing in 0..4 {
        store.clear_intervals().await.unwrap();
        let (mut counting, hand) = Intervals::new(store.clone());
        for (n, some) in lines.chunks(lines.len() / 4 + 1).enumerate() {
            if n != missing {
                hand.try_send(some.to_vec()).unwrap();
                hand.try_send(some.to_vec()).unwrap();
            }
        }
        counting.catch_up().await.unwrap();
        assert_eq!(store.kept_intervals().await.unwrap(), whole, "{missing}");
    }
}
