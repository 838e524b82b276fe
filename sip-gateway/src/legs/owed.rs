//! Ends of recordings that never began because a leg was gone: whoever opened the file must hear that nothing comes.
//!
//! **Owns**: the ends that a full sink has not taken yet. **Must not know**: files, legs.

use crate::leg::StreamId;
use crate::media::port::RecordBlock;
use std::sync::mpsc::{SyncSender, TrySendError};

/// What is still to be said.
#[derive(Debug, Default)]
pub(super) struct OwedEnds(Vec<(StreamId, SyncSender<RecordBlock>)>);

impl OwedEnds {
    /// Says it now, or when the sink has room.
    pub(super) fn owe(&mut self, stream: StreamId, sink: SyncSender<RecordBlock>) {
        self.0.push((stream, sink));
        self.pay();
    }

    /// Tries again. A sink whose other end is gone needs to hear nothing.
    pub(super) fn pay(&mut self) {
        self.0.retain(|(stream, sink)| {
            let end = RecordBlock::End {
                stream: *stream,
                frames: 0,
            };
            matches!(sink.try_send(end), Err(TrySendError::Full(_)))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn the_end_of_a_recording_that_never_began_outlives_a_full_ring() {
        let (sink, blocks) = sync_channel(1);
        let mut owed = OwedEnds::default();
        for stream in [1, 2, 3] {
            owed.owe(StreamId(stream), sink.clone());
        }
        let mut heard = Vec::new();
        while let Ok(RecordBlock::End { stream, frames: 0 }) = blocks.try_recv() {
            heard.push(stream.0);
            owed.pay();
        }
        assert_eq!(heard, [1, 2, 3]);
        assert!(owed.0.is_empty());
    }
}
