//! What is appended, for those who show live state.
//!
//! **Owns**: which kinds are told, and that telling costs the one who appends next to nothing: nobody is woken who does
//! not wait, and nobody waits. **Must not know**: who shows what.

use router::Timestamp;
use router::event::{Event, PersonalData};
use std::sync::Arc;
use tokio::sync::broadcast;

/// Lines kept for a reader: some seconds of the busiest hour.
const FEED: usize = 8_192;

/// One line as it was appended.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Personal data beside it.
    pub personal: Option<PersonalData>,
}

/// The sending end.
#[derive(Clone, Debug)]
pub(super) struct Feed(broadcast::Sender<Arc<Told>>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::channel(FEED).0)
    }
}

impl Feed {
    pub(super) fn follow(&self) -> broadcast::Receiver<Arc<Told>> {
        self.0.subscribe()
    }

    pub(super) fn tell(&self, at: Timestamp, event: &Event, personal: Option<&PersonalData>) {
        if self.0.receiver_count() == 0 || !is_shown(event) {
            return;
        }
        let told = Told {
            at,
            event: event.clone(),
            personal: personal.cloned(),
        };
        // The last reader may have gone in between.
        let _ = self.0.send(Arc::new(told));
    }
}

/// What no screen shows as it happens is not copied: decisions are large, steps and legs are many.
const fn is_shown(event: &Event) -> bool {
    !matches!(
        event,
        Event::Decided { .. }
            | Event::StepEntered { .. }
            | Event::RouterStarted { .. }
            | Event::RouterInput { .. }
            | Event::LegStarted { .. }
            | Event::LegEnded { .. }
    )
}
