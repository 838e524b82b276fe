//! Torn, corrupt and refused lines; numbers without gaps; groups that share a sync.

use super::disk::{Disk, RealDisk, SegmentFile};
use super::*;
use proptest::prelude::*;
use router::LogLine;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn event(epoch: u64) -> Event {
    Event::RouterStarted { epoch }
}

fn epoch_of(line: &LogLine) -> u64 {
    match line.event {
        Event::RouterStarted { epoch } => epoch,
        _ => panic!("not one of this test's lines"),
    }
}

fn quick() -> Settings {
    Settings {
        sync_within: Duration::from_millis(20),
        retry_after: Duration::from_millis(20),
        reserve: 0,
        ..Settings::default()
    }
}

async fn end(opened: Opened) -> JournalReader {
    let Opened {
        journal,
        reader,
        thread,
        ..
    } = opened;
    drop(journal);
    tokio::task::spawn_blocking(|| thread.join())
        .await
        .unwrap()
        .unwrap();
    reader
}

async fn rest(reader: &mut JournalReader) -> Vec<LogLine> {
    let mut all = Vec::new();
    loop {
        let batch = reader.next_batch(3).await.unwrap();
        if batch.is_empty() {
            return all;
        }
        all.extend(batch);
    }
}

fn seqs(lines: &[LogLine]) -> Vec<u64> {
    lines.iter().map(|line| line.seq).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn numbers_go_on_without_gaps_across_restarts() {
    let temp = tempfile::tempdir().unwrap();
    for run in 0..3 {
        let opened = Journal::open(temp.path(), 0, quick()).unwrap();
        assert_eq!(opened.next_seq, run * 3 + 1);
        assert_eq!(opened.damage, Damage::default());
        let journal = opened.journal.clone();
        journal.append(NOW, event(run), None).await.unwrap();
        let second = journal.append_synced(NOW, event(run), None).await;
        assert_eq!(second, Ok(run * 3 + 2));
        journal.append(NOW, event(run), None).await.unwrap();
        drop(journal);
        let mut reader = end(opened).await;
        let lines = rest(&mut reader).await;
        assert_eq!(seqs(&lines), (1..=run * 3 + 3).collect::<Vec<_>>());
    }
    // A database that is ahead of a lost folder: numbers never run backwards.
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        Journal::open(empty.path(), 41, quick()).unwrap().next_seq,
        42
    );
}

#[tokio::test]
async fn a_line_nobody_waits_for_is_synced_and_read_soon() {
    let temp = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(temp.path(), 0, quick()).unwrap();
    opened.journal.append(NOW, event(1), None).await.unwrap();
    let lines = opened.reader.next_batch(10).await.unwrap();
    assert_eq!(seqs(&lines), [1]);
    assert_eq!(opened.journal.durable(), 1);
    assert_eq!(opened.journal.sync().await, Ok(1));
}

#[tokio::test]
async fn gathered_lines_wait_for_one_that_cannot_and_for_no_longer_than_they_may() {
    for (gather, urgent) in [(Duration::from_secs(600), true), (quick().gather, false)] {
        let temp = tempfile::tempdir().unwrap();
        let settings = Settings { gather, ..quick() };
        let mut opened = Journal::open(temp.path(), 0, settings).unwrap();
        for n in 1..=3 {
            let line = opened.journal.append_gathered(NOW, event(n), None);
            line.await.unwrap();
        }
        if urgent {
            // In time although the others may wait for minutes, and behind them.
            let synced = opened.journal.append_synced(NOW, event(4), None);
            let synced = tokio::time::timeout(Duration::from_secs(60), synced).await;
            assert_eq!(synced.unwrap(), Ok(4));
        }
        let mut lines = Vec::new();
        while lines.len() < 3 {
            lines.extend(opened.reader.next_batch(3).await.unwrap());
        }
        assert_eq!(lines.iter().map(epoch_of).collect::<Vec<_>>(), [1, 2, 3]);
    }
}

/// The wake-up for the line that cannot wait may come while the thread still wakes up for the one before it.
#[tokio::test]
async fn a_line_that_cannot_wait_right_behind_one_that_can_goes_at_once() {
    for _ in 0..5 {
        let temp = tempfile::tempdir().unwrap();
        let gather = Duration::from_secs(600);
        let settings = Settings { gather, ..quick() };
        let opened = Journal::open(temp.path(), 0, settings).unwrap();
        // By now the thread waits for its first line.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let line = opened.journal.append_gathered(NOW, event(1), None);
        line.await.unwrap();
        let synced = opened.journal.append_synced(NOW, event(2), None);
        let synced = tokio::time::timeout(Duration::from_secs(60), synced).await;
        assert_eq!(synced.unwrap(), Ok(2));
    }
}

#[tokio::test]
async fn a_torn_end_is_cut_off_wherever_it_was_torn() {
    let temp = tempfile::tempdir().unwrap();
    let opened = Journal::open(temp.path(), 0, quick()).unwrap();
    for n in 1..=3 {
        opened.journal.append(NOW, event(n), None).await.unwrap();
    }
    end(opened).await;
    let [path] = files(temp.path(), "log").try_into().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let last_line = whole[..whole.len() - 1]
        .iter()
        .rposition(|b| *b == b'\n')
        .unwrap()
        + 1;
    for length in last_line..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let opened = Journal::open(temp.path(), 0, quick()).unwrap();
        assert_eq!(opened.next_seq, 3, "cut to {length} bytes");
        assert_eq!(opened.damage.torn_bytes, (length - last_line) as u64);
        assert_eq!(opened.damage.broken_lines, 0);
        let mut reader = end(opened).await;
        assert_eq!(seqs(&rest(&mut reader).await), [1, 2]);
    }
    assert!(files(temp.path(), "bad").is_empty());
}

#[tokio::test]
async fn a_broken_line_in_the_middle_is_kept_aside_and_skipped() {
    let temp = tempfile::tempdir().unwrap();
    let opened = Journal::open(temp.path(), 0, quick()).unwrap();
    for n in 1..=4 {
        opened.journal.append(NOW, event(n), None).await.unwrap();
    }
    end(opened).await;
    let [path] = files(temp.path(), "log").try_into().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let second = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    bytes[second + 20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();

    let opened = Journal::open(temp.path(), 0, quick()).unwrap();
    assert_eq!((opened.damage.broken_lines, opened.next_seq), (1, 5));
    let mut reader = end(opened).await;
    assert_eq!(seqs(&rest(&mut reader).await), [1, 3, 4]);
    let [bad] = files(temp.path(), "bad").try_into().unwrap();
    assert!(bytes[second..].starts_with(&std::fs::read(bad).unwrap()));
    // Mended: the next start has nothing to say.
    let opened = Journal::open(temp.path(), 0, quick()).unwrap();
    assert_eq!(opened.damage, Damage::default());
}

#[tokio::test]
async fn segments_follow_each_other_and_go_when_consumed() {
    let by_size = Settings {
        segment_bytes: 300,
        ..quick()
    };
    let by_age = Settings {
        segment_age: Duration::ZERO,
        ..quick()
    };
    for settings in [by_size, by_age] {
        segments_follow(settings).await;
    }
}

async fn segments_follow(settings: Settings) {
    let temp = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(temp.path(), 0, settings).unwrap();
    for n in 1..=40 {
        let seq = opened.journal.append_synced(NOW, event(n), None).await;
        assert_eq!(seq, Ok(n));
    }
    assert!(files(temp.path(), "log").len() > 5);
    let first = opened.reader.next_batch(15).await.unwrap();
    opened.reader.release(15).unwrap();
    let oldest = segment::list(temp.path()).unwrap()[0].first_seq;
    assert!(oldest > 1 && oldest <= 16, "{oldest}");
    let second = opened.reader.next_batch(100).await.unwrap();
    opened.reader.release(40).unwrap();
    assert_eq!(files(temp.path(), "log").len(), 1);
    assert_eq!(
        seqs(&[first, second].concat()),
        (1..=40).collect::<Vec<_>>()
    );
    // The consumer goes on where its segment was removed.
    opened.journal.append(NOW, event(41), None).await.unwrap();
    assert_eq!(seqs(&opened.reader.next_batch(9).await.unwrap()), [41]);
    end(opened).await;
    let opened = Journal::open(temp.path(), 41, settings).unwrap();
    assert_eq!(opened.next_seq, 42);
}

/// A disk whose writes or syncs fail on demand, after taking part of the bytes.
#[derive(Default)]
struct Faults {
    write: AtomicBool,
    cut: AtomicBool,
    sync: AtomicBool,
    syncs: AtomicU64,
}

struct FaultyDisk(Arc<Faults>);
struct FaultyFile(Box<dyn SegmentFile>, Arc<Faults>);

impl Disk for FaultyDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        let file = RealDisk.create(path)?;
        Ok(Box::new(FaultyFile(file, Arc::clone(&self.0))))
    }
}

impl SegmentFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.1.write.load(Ordering::SeqCst) {
            self.0.append(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.append(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.1.syncs.fetch_add(1, Ordering::SeqCst);
        if self.1.sync.load(Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        self.0.sync()
    }
    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.1.cut.load(Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        self.0.cut(length)
    }
}

fn open_faulty(folder: &Path, settings: Settings) -> (Opened, Arc<Faults>) {
    let faults = Arc::new(Faults::default());
    let disk = Box::new(FaultyDisk(Arc::clone(&faults)));
    let opened = Journal::open_on(folder, 0, settings, disk).unwrap();
    (opened, faults)
}

#[tokio::test]
async fn a_full_disk_is_told_to_who_waits_and_the_others_are_written_later() {
    for cut_fails in [false, true] {
        let temp = tempfile::tempdir().unwrap();
        let (mut opened, faults) = open_faulty(temp.path(), quick());
        let journal = opened.journal.clone();
        assert_eq!(journal.append_synced(NOW, event(1), None).await, Ok(1));
        faults.write.store(true, Ordering::SeqCst);
        faults.cut.store(cut_fails, Ordering::SeqCst);
        journal.append(NOW, event(2), None).await.unwrap();
        let refused = journal.append_synced(NOW, event(99), None).await;
        assert_eq!(refused, Err(JournalError::DiskFull));
        journal.append(NOW, event(3), None).await.unwrap();
        faults.write.store(false, Ordering::SeqCst);
        faults.cut.store(false, Ordering::SeqCst);
        // Without any further line, the thread tries again by itself.
        let mut lines = Vec::new();
        while lines.len() < 3 {
            lines.extend(opened.reader.next_batch(10).await.unwrap());
        }
        assert_eq!(seqs(&lines), [1, 2, 3]);
        assert_eq!(lines.iter().map(epoch_of).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(journal.append_synced(NOW, event(4), None).await, Ok(4));
        drop(journal);
        end(opened).await;
        let opened = Journal::open(temp.path(), 0, quick()).unwrap();
        assert_eq!((opened.next_seq, opened.damage.broken_lines), (5, 0));
    }
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_assumed_and_the_lines_are_written_anew() {
    for synced_before in [false, true] {
        let temp = tempfile::tempdir().unwrap();
        let (mut opened, faults) = open_faulty(temp.path(), quick());
        let journal = opened.journal.clone();
        let before = u64::from(synced_before);
        if synced_before {
            assert_eq!(journal.append_synced(NOW, event(1), None).await, Ok(1));
        }
        faults.sync.store(true, Ordering::SeqCst);
        let told = journal.append_synced(NOW, event(7), None).await;
        assert!(matches!(told, Err(JournalError::Disk(_))), "{told:?}");
        assert_eq!(journal.durable(), before, "nothing unsynced may be read");
        faults.sync.store(false, Ordering::SeqCst);
        let next = journal.append_synced(NOW, event(8), None).await;
        assert_eq!(next, Ok(before + 2));
        let lines = opened.reader.next_batch(10).await.unwrap();
        assert_eq!(seqs(&lines), (1..=before + 2).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn the_backlog_is_bounded_and_lost_lines_leave_no_gap() {
    let temp = tempfile::tempdir().unwrap();
    let settings = Settings {
        backlog: 2,
        ..quick()
    };
    let (opened, faults) = open_faulty(temp.path(), settings);
    faults.write.store(true, Ordering::SeqCst);
    for n in 1..=5 {
        opened.journal.append(NOW, event(n), None).await.unwrap();
    }
    assert_eq!(opened.journal.sync().await, Err(JournalError::DiskFull));
    faults.write.store(false, Ordering::SeqCst);
    assert_eq!(opened.journal.sync().await, Ok(2));
    let mut reader = end(opened).await;
    assert_eq!(seqs(&rest(&mut reader).await), [1, 2]);
}

#[tokio::test]
async fn all_who_wait_share_a_sync() {
    let temp = tempfile::tempdir().unwrap();
    let (opened, faults) = open_faulty(temp.path(), quick());
    let waiting: Vec<_> = (0..500)
        .map(|n| {
            let journal = opened.journal.clone();
            tokio::spawn(async move { journal.append_synced(NOW, event(n), None).await })
        })
        .collect();
    let mut got = Vec::new();
    for task in waiting {
        got.push(task.await.unwrap().unwrap());
    }
    got.sort_unstable();
    assert_eq!(got, (1..=500).collect::<Vec<_>>());
    assert!(faults.syncs.load(Ordering::SeqCst) < 250);
}

/// Lines that come one behind the other share syncs too: no more of them than the pace allows.
#[tokio::test]
async fn syncs_keep_a_pace() {
    let temp = tempfile::tempdir().unwrap();
    let pace = Duration::from_millis(100);
    let settings = Settings {
        pace,
        sync_within: Duration::from_secs(600),
        ..quick()
    };
    let (opened, faults) = open_faulty(temp.path(), settings);
    let began = std::time::Instant::now();
    let mut waiting = Vec::new();
    for n in 0..40 {
        let journal = opened.journal.clone();
        waiting.push(tokio::spawn(async move {
            journal.append_synced(NOW, event(n), None).await
        }));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for task in waiting {
        task.await.unwrap().unwrap();
    }
    let allowed = began.elapsed().as_millis() / pace.as_millis() + 1;
    let made = faults.syncs.load(Ordering::SeqCst);
    assert!(
        u128::from(made) <= allowed,
        "{made} syncs, {allowed} allowed"
    );
}

#[tokio::test]
async fn a_full_queue_makes_the_caller_wait_and_loses_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let settings = Settings {
        queue: 2,
        ..quick()
    };
    let opened = Journal::open(temp.path(), 0, settings).unwrap();
    for n in 1..=200 {
        opened.journal.append(NOW, event(n), None).await.unwrap();
    }
    let mut reader = end(opened).await;
    let lines = rest(&mut reader).await;
    assert_eq!(
        lines.iter().map(epoch_of).collect::<Vec<_>>(),
        (1..=200).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn personal_data_travels_and_never_shows() {
    let temp = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(temp.path(), 0, quick()).unwrap();
    let personal = PersonalData {
        caller_number: Some(router::PhoneNumber::from_normalised("+34600111222")),
        ..PersonalData::default()
    };
    let appended = opened
        .journal
        .append_synced(NOW, event(1), Some(personal.clone()))
        .await;
    assert_eq!(appended, Ok(1));
    let lines = opened.reader.next_batch(1).await.unwrap();
    assert_eq!(lines[0].personal, Some(personal));
    assert!(!format!("{lines:?}").contains("34600111222"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever happens to a segment's bytes, opening it is an answer, and every line read is one that was written.
    #[test]
    fn any_damage_is_survived(
        lines in 1_u64..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        extra in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let temp = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        for seq in 1..=lines {
            let draft = Draft { at: NOW, event: event(seq), personal: None };
            line::encode(seq, &draft, &mut bytes).unwrap();
        }
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let mut file = std::fs::File::create(segment::path_of(temp.path(), 1)).unwrap();
        file.write_all(&bytes).unwrap();
        file.write_all(&extra).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let opened = Journal::open(temp.path(), 0, quick()).unwrap();
            let next_seq = opened.next_seq;
            let mut reader = end(opened).await;
            for line in rest(&mut reader).await {
                assert_eq!(epoch_of(&line), line.seq);
                assert!(line.seq < next_seq);
            }
            let again = Journal::open(temp.path(), 0, quick()).unwrap();
            assert_eq!((again.next_seq, again.damage), (next_seq, Damage::default()));
        });
    }
}
