//! The recordings of a media thread: which leg is heard on which side, and blocks on their way to the writer.
//!
//! **Owns**: timelines and sinks. **Must not know**: files. A full sink drops the block and counts it; the end mark is
//! tried again until the writer takes it.

use crate::leg::StreamId;
use crate::media::port::RecordBlock;
use crate::media::timeline::{Piece, Side, Timeline};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

/// Where a leg's audio goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tap {
    pub(super) stream: StreamId,
    pub(super) side: Side,
    /// Where the recording lies, so that no packet searches for it.
    place: usize,
}

#[derive(Debug)]
struct Recording {
    stream: StreamId,
    sink: SyncSender<RecordBlock>,
    timeline: Timeline,
    /// Length of the whole timeline once it ended.
    end: Option<u64>,
    /// Legs that are still heard.
    taps: usize,
    /// Nothing is heard for now: its time passes in silence.
    paused: bool,
}

#[derive(Debug, Default)]
pub(super) struct Recordings {
    running: Vec<Option<Recording>>,
    dropped: u64,
}

impl Recordings {
    pub(super) fn start(
        &mut self,
        stream: StreamId,
        sample_rate: u32,
        sink: SyncSender<RecordBlock>,
        now: Duration,
    ) {
        let timeline = Timeline::new(sample_rate, now);
        let recording = Some(Recording {
            stream,
            sink,
            timeline,
            end: None,
            taps: 0,
            paused: false,
        });
        match self.running.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = recording,
            None => self.running.push(recording),
        }
    }

    fn find(&mut self, stream: StreamId) -> Option<&mut Recording> {
        self.running
            .iter_mut()
            .flatten()
            .find(|recording| recording.stream == stream)
    }

    pub(super) fn is_running(&mut self, stream: StreamId) -> bool {
        self.find(stream).is_some()
    }

    /// A leg is heard from now on.
    pub(super) fn tap(&mut self, stream: StreamId, side: Side) -> Option<Tap> {
        let same = |one: &Option<Recording>| {
            one.as_ref()
                .is_some_and(|recording| recording.stream == stream)
        };
        let place = self.running.iter().position(same)?;
        self.running.get_mut(place)?.as_mut()?.taps += 1;
        Some(Tap {
            stream,
            side,
            place,
        })
    }

    /// A leg is gone; the recording ends with its last one.
    pub(super) fn untap(&mut self, tap: Tap, now: Duration) {
        if let Some(recording) = self.find(tap.stream) {
            recording.taps = recording.taps.saturating_sub(1);
            if recording.taps == 0 {
                recording.stop(now);
            }
        }
    }

    /// Takes audio of a tapped leg.
    pub(super) fn place(&mut self, tap: Tap, piece: Piece<'_>, now: Duration) {
        let recording = self.running.get_mut(tap.place).and_then(Option::as_mut);
        if let Some(recording) =
            recording.filter(|one| one.stream == tap.stream && one.end.is_none() && !one.paused)
        {
            recording.timeline.place(tap.side, piece, now);
        }
    }

    /// Leaves out what is said from now on, or takes it again.
    pub(super) fn pause(&mut self, stream: StreamId, paused: bool) {
        if let Some(recording) = self.find(stream) {
            recording.paused = paused;
        }
    }

    /// Ends a recording; what is left goes out with the next step.
    pub(super) fn stop(&mut self, stream: StreamId, now: Duration) {
        if let Some(recording) = self.find(stream) {
            recording.stop(now);
        }
    }

    pub(super) fn stop_all(&mut self, now: Duration) {
        self.running
            .iter_mut()
            .flatten()
            .for_each(|recording| recording.stop(now));
    }

    /// Sends blocks whose time has come.
    pub(super) fn step(&mut self, now: Duration) {
        for place in &mut self.running {
            if let Some(recording) = place
                && !recording.step(now, &mut self.dropped)
            {
                *place = None;
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.iter().all(Option::is_none)
    }

    /// Blocks that a full sink could not take.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Recording {
    fn stop(&mut self, now: Duration) {
        let end = self.timeline.finish(now);
        self.end.get_or_insert(end);
    }

    /// False when nothing more is to be done.
    fn step(&mut self, now: Duration, dropped: &mut u64) -> bool {
        while let Some(block) = self.timeline.poll_block(now) {
            let block = RecordBlock::Samples {
                stream: self.stream,
                start_frame: block.start_frame,
                samples: block.samples,
            };
            match self.sink.try_send(block) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => *dropped += 1,
                Err(TrySendError::Disconnected(_)) => return false,
            }
        }
        let Some(frames) = self.end else { return true };
        let end = RecordBlock::End {
            stream: self.stream,
            frames,
        };
        matches!(self.sink.try_send(end), Err(TrySendError::Full(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::g711::Codec;
    use std::sync::mpsc::sync_channel;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_full_sink_loses_blocks_but_never_the_end() {
        let (sink, blocks) = sync_channel(1);
        let mut recordings = Recordings::default();
        recordings.start(StreamId(4), 8000, sink, ms(0));
        for now in 0..200 {
            recordings.step(ms(now * 10));
        }
        recordings.stop(StreamId(4), ms(2000));
        for _ in 0..10 {
            recordings.step(ms(2005));
        }
        assert!(!recordings.is_empty());
        assert!(matches!(
            blocks.try_recv(),
            Ok(RecordBlock::Samples { start_frame: 0, .. })
        ));
        recordings.step(ms(2010));
        assert_eq!(
            blocks.try_recv(),
            Ok(RecordBlock::End {
                stream: StreamId(4),
                frames: 16_000
            })
        );
        assert!(recordings.is_empty());
        assert_eq!(recordings.dropped(), 9);
    }

    #[test]
    fn the_last_leg_ends_it_and_a_gone_writer_too() {
        let (sink, blocks) = sync_channel(64);
        let mut recordings = Recordings::default();
        recordings.start(StreamId(4), 8000, sink.clone(), ms(0));
        let tap = recordings.tap(StreamId(4), Side::Left).unwrap();
        let other = recordings.tap(StreamId(4), Side::Right).unwrap();
        recordings.untap(other, ms(100));
        let piece = Piece {
            ssrc: 1,
            timestamp: 0,
            sound: Codec::Pcmu.into(),
            payload: &[0; 160],
        };
        recordings.place(tap, piece, ms(120));
        recordings.untap(tap, ms(300));
        recordings.step(ms(400));
        let all: Vec<_> = blocks.try_iter().collect();
        assert_eq!(
            all.last(),
            Some(&RecordBlock::End {
                stream: StreamId(4),
                frames: 2400
            })
        );
        assert!(
            matches!(&all[0], RecordBlock::Samples { samples, .. } if samples[2 * 900] == -32_124)
        );
        recordings.start(StreamId(5), 8000, sink, ms(0));
        drop(blocks);
        recordings.step(ms(1000));
        assert!(recordings.is_empty());
    }
}
