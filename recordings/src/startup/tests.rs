//! The order of a start.

use super::*;
use crate::testing::{Phase, at, call, ids};
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

/// What a power cut may leave of a document that was not on the disk yet.
#[tokio::test]
async fn a_document_that_a_power_cut_emptied_is_written_again() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(temp.path());
    let path = |n: u64| {
        let begun = at(i64::try_from(n).unwrap() * 60);
        folder
            .interaction(begun, ids(n).interaction)
            .join("interaction.json")
    };
    let mut whole = Vec::new();
    for run in 0..2 {
        let started = startup(&folder, at(0)).await.unwrap();
        if run == 0 {
            // The first ended long before the others.
            for n in [0, 30, 31] {
                for (at, event, personal) in call(n, Phase::Over) {
                    started.journal.append(at, event, personal).await.unwrap();
                }
            }
        }
        let mut position = started.position.clone();
        let projector = tokio::spawn(started.projector.run());
        let seq = started.journal.sync().await.unwrap();
        assert!(position.reached(seq).await);
        let begun = Instant::now();
        while run == 1 && std::fs::metadata(path(31)).unwrap().len() == 0 {
            assert!(begun.elapsed().as_secs() < 60, "it stays empty");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        if run == 0 {
            whole = [0, 30, 31]
                .map(|n| std::fs::read(path(n)).unwrap())
                .to_vec();
            for n in [0, 30, 31] {
                std::fs::write(path(n), "").unwrap();
            }
        }
        projector.abort();
        let _ = projector.await;
    }
    assert_eq!(std::fs::read(path(30)).unwrap(), whole[1]);
    assert_eq!(std::fs::read(path(31)).unwrap(), whole[2]);
    assert!(
        std::fs::read(path(0)).unwrap().is_empty(),
        "only the newest are in doubt"
    );
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
