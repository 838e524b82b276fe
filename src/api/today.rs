//! Today's counters of each queue, for screens that follow them.
//!
//! **Owns**: how often the record is asked. **Must not know**: how counters are counted, who looks.

use super::time;
use crate::clock::Clock;
use crate::company_view::CompanyView;
use crate::floor::task::{Floor, Today};
use recordings::{Position, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The record is asked this often at most, while somebody looks and it has moved on.
const PACE: Duration = Duration::from_secs(2);
/// And this often in any case: midnight passes without an event.
const AT_LEAST: Duration = Duration::from_secs(60);

/// The task.
#[derive(Debug)]
pub(crate) struct Counting {
    pub(crate) floor: Floor,
    pub(crate) store: Store,
    pub(crate) position: Position,
    pub(crate) company: watch::Receiver<Arc<CompanyView>>,
    pub(crate) clock: Clock,
    pub(crate) time_zone: String,
}

impl Counting {
    /// Runs until the record is closed.
    pub(crate) async fn run(mut self) {
        loop {
            if self.floor.queues_are_followed() {
                // A database that is away leaves the last counters; the next round tries again.
                if let Some(today) = self.count().await {
                    self.floor.set_today(today);
                }
                tokio::time::sleep(PACE).await;
                let moved = tokio::time::timeout(AT_LEAST, self.position.changed());
                if let Ok(false) = moved.await {
                    return;
                }
            } else {
                tokio::time::sleep(PACE / 4).await;
            }
        }
    }

    async fn count(&self) -> Option<Today> {
        let company = Arc::clone(&self.company.borrow());
        let since = time::day_begin(self.clock.now(), &self.time_zone);
        let mut today = Today::new();
        for (queue, rules) in &company.routing.queues {
            let counted = self
                .store
                .queue_counters(*queue, since, rules.service_level);
            today.insert(*queue, counted.await.ok()?);
        }
        Some(today)
    }
}
