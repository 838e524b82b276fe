//! A crash in each phase of a call, and what the next start makes of it.

use super::*;
use crate::startup::{Started, startup};
use crate::testing::{PHASES, Phase, START, at, call, ids};
use crate::wav::WavWriter;
use router::AgentState;

/// A folder in which a call was going on when everything stopped.
async fn crashed(folder: &DataFolder, n: u64, phase: Phase) {
    let started = startup(folder, at(0)).await.unwrap();
    for (at, event, personal) in call(n, phase) {
        if let Event::RecordingStarted { path, .. } = &event {
            record(folder, path, 3 * 8_000 + 1_000);
        }
        started.journal.append(at, event, personal).await.unwrap();
    }
    // The rows may be behind: the projector never ran.
    started.journal.sync().await.unwrap();
    kill(started).await;
}

/// Writes frames in blocks of 0.2 s and never finishes the file.
fn record(folder: &DataFolder, path: &str, frames: u64) {
    let file = folder.recording_file(path).unwrap();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut wav = WavWriter::create(&file, 8_000).unwrap();
    for start in (0..frames).step_by(1_600) {
        let length = usize::try_from(2 * (frames - start).min(1_600)).unwrap();
        wav.write_at(start, &vec![5; length]).unwrap();
    }
}

/// Ends in order, as SIGTERM does.
async fn stop(started: Started) {
    drop(started.journal);
    started.projector.run().await;
    let thread = started.journal_thread;
    tokio::task::spawn_blocking(|| thread.join())
        .await
        .unwrap()
        .unwrap();
    started.store.close().await;
}

/// Ends with what the journal holds, whatever the rows know.
async fn kill(started: Started) {
    drop(started.journal);
    drop(started.projector);
    let thread = started.journal_thread;
    tokio::task::spawn_blocking(|| thread.join())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_crash_in_any_phase_leaves_one_closed_record() {
    for phase in PHASES {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(temp.path());
        crashed(&folder, 0, phase).await;
        let started = startup(&folder, at(7_200)).await.unwrap();
        let record = started
            .store
            .interaction(ids(0).interaction)
            .await
            .unwrap()
            .unwrap();
        let (outcome, cause) = match phase {
            Phase::Talking => (Outcome::Answered, EndCause::Crash),
            _ if phase >= Phase::HungUp => (Outcome::Answered, EndCause::Customer),
            _ => (Outcome::Failed, EndCause::Crash),
        };
        let summary = &record.summary;
        assert_eq!(summary.outcome, Some(outcome), "{phase:?}");
        assert_eq!(summary.end_cause, Some(cause), "{phase:?}");
        // Talking: until the end of the recording. Otherwise: until the last line.
        let ended = match phase {
            Phase::Talking => at(13) + Duration::from_millis(125),
            _ if phase >= Phase::HungUp => at(70),
            _ => call(0, phase).last().unwrap().0,
        };
        assert_eq!(summary.times.ended_at.unwrap().0, ended, "{phase:?}");
        assert!(record.legs.iter().all(|leg| leg.ended_at.is_some()));
        assert!(record.offers.iter().all(|offer| offer.outcome.is_some()));
        assert!(
            record
                .queue_entries
                .iter()
                .all(|entry| entry.outcome.is_some())
        );
        for recording in &record.recordings {
            let expected = if phase < Phase::Recorded {
                25_000
            } else {
                480_000
            };
            assert_eq!(recording.frames, Some(expected), "{phase:?}");
            assert_eq!(recording.recovered, phase < Phase::Recorded);
        }
        let expected_closed = usize::from(phase < Phase::HungUp);
        assert_eq!(started.report.closed.len(), expected_closed, "{phase:?}");
        let swept = started.store.journal_seq().await.unwrap();
        stop(started).await;
        let json = folder
            .interaction(at(0), ids(0).interaction)
            .join("interaction.json");
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
        assert_eq!(json["outcome"], outcome.as_str());

        // A second start finds nothing more to do.
        let again = startup(&folder, at(7_300)).await.unwrap();
        assert_eq!(again.report, SweepReport::default(), "{phase:?}");
        assert_eq!(again.store.journal_seq().await.unwrap(), swept + 1);
        assert_eq!(again.epoch, 3);
        stop(again).await;
    }
}

#[tokio::test]
async fn agents_come_back_as_they_were_for_the_distributor_to_judge() {
    let table = [
        (Phase::Ringing, AgentState::Offered, true),
        (Phase::Talking, AgentState::OnCall, true),
        (Phase::WrapUp, AgentState::WrapUp, true),
        (Phase::Over, AgentState::Available, false),
    ];
    for (phase, state, busy) in table {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(temp.path());
        crashed(&folder, 0, phase).await;
        let started = startup(&folder, at(7_200)).await.unwrap();
        let [agent] = <[_; 1]>::try_from(started.agents.clone()).unwrap();
        assert_eq!(agent.state, state, "{phase:?}");
        assert_eq!(agent.interaction, busy.then_some(ids(0).interaction));
        assert_eq!(agent.queue, busy.then_some(crate::testing::QUEUE));
        assert_eq!(agent.idle_since.0, Timestamp::from_millis(START));
        stop(started).await;
    }
}

#[tokio::test]
async fn rows_without_files_and_files_without_rows_are_told() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(temp.path());
    crashed(&folder, 0, Phase::Over).await;
    crashed(&folder, 1, Phase::Over).await;
    let missing = DataFolder::recording_path(at(0), ids(0).interaction, 1);
    std::fs::remove_file(folder.recording_file(&missing).unwrap()).unwrap();
    let stray = DataFolder::recording_path(at(0), ids(9).interaction, 1);
    record(&folder, &stray, 2_000);
    let started = startup(&folder, at(7_200)).await.unwrap();
    assert_eq!(started.report.rows_without_file, [missing]);
    assert_eq!(
        started.report.files_without_row,
        std::slice::from_ref(&stray)
    );
    let file = folder.recording_file(&stray).unwrap();
    assert_eq!(hound::WavReader::open(file).unwrap().duration(), 2_000);
    stop(started).await;
}

#[tokio::test]
async fn a_recording_whose_file_is_gone_still_gets_an_end() {
    let temp = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(temp.path());
    crashed(&folder, 0, Phase::Talking).await;
    std::fs::remove_dir_all(folder.interactions()).unwrap();
    let started = startup(&folder, at(7_200)).await.unwrap();
    let record = started
        .store
        .interaction(ids(0).interaction)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.recordings[0].frames, Some(0));
    assert_eq!(record.summary.outcome, Some(Outcome::Answered));
    assert_eq!(started.report.rows_without_file.len(), 1);
    stop(started).await;
}

#[test]
fn the_moment_inside_an_id_is_read_from_version_7_only() {
    assert_eq!(
        made_at("019aa8f5-1234-7000-8000-000000000000"),
        Some(Timestamp::from_millis(0x019a_a8f5_1234))
    );
    assert_eq!(made_at("00000000-0000-4000-8000-000000000000"), None);
    assert_eq!(made_at("lost+found"), None);
}
