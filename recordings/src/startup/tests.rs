//! The order of a start.

use super::*;
use crate::testing::{Phase, at, call};
use std::time::Instant;

#[tokio::test]
async fn an_empty_folder_starts_and_each_start_raises_the_epoch() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(temp.path().join("data"));
    for epoch in 1..=3 {
        let started = startup(&folder, at(0)).await.unwrap();
        assert_eq!(started.epoch, epoch);
        assert_eq!(started.report, SweepReport::default());
        assert_eq!(started.position.now(), epoch);
        assert!(started.agents.is_empty());
        drop(started);
        // The thread may still hold a segment; the lock is what counts, and it is free.
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused_in_one_sentence() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(temp.path());
    let _running = startup(&folder, at(0)).await.unwrap();
    let error = startup(&folder, at(0)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the data folder cannot be used: another cordboard uses this data folder"
    );
}

#[tokio::test]
async fn a_database_of_another_version_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(temp.path());
    let started = startup(&folder, at(0)).await.unwrap();
    let mut tx = started.store.write().await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = version + 9979")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    drop(started);
    let error = startup(&folder, at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Migrate(_)), "{error}");
}

#[tokio::test]
async fn two_hundred_open_calls_are_taken_in_quickly() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(temp.path());
    let started = startup(&folder, at(0)).await.unwrap();
    for n in 0..200 {
        for (at, event, personal) in call(n, Phase::Answered) {
            started.journal.append(at, event, personal).await.unwrap();
        }
    }
    started.journal.sync().await.unwrap();
    drop(started);
    let begun = Instant::now();
    let started = startup(&folder, at(20_000)).await.unwrap();
    assert_eq!(started.report.closed.len(), 200);
    assert_eq!(started.store.live_interactions().await.unwrap(), 0);
    // A debug build on a busy machine; the limit for a release build is below a second.
    println!("start with 200 open calls: {:?}", begun.elapsed());
    assert!(begun.elapsed().as_secs() < 20);
}
