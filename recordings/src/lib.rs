//! The system of record: what happened, to whom, and what was said.
//!
//! **Owns**: the local journal (`journal/`), the database and all SQL (`store/`), the consumer that turns journal
//! lines into rows exactly once (`projector/`), WAV files (`wav`, `recorder`), the folders of interactions
//! (`folder`), and the start-up order that closes what a crash left open (`sweep`, `startup`).
//!
//! **Must not know**: SIP, RTP, HTTP, flows, how agents are chosen. From the router it takes words only: ids,
//! events, outcomes.
//!
//! The order of trust: a line is true when the journal has synced it; the database follows the synced journal and
//! can always be rebuilt up to the journal's oldest kept segment; `interaction.json` is derived from the database.

pub mod error;
pub mod folder;
pub mod health;
pub mod intervals;
pub mod journal;
pub mod peaks;
pub mod projector;
pub mod recorder;
mod silence;
pub mod startup;
pub mod store;
pub mod sweep;
#[cfg(test)]
mod testing;
pub mod utc;
pub mod wav;

pub use error::{JournalError, StoreError};
pub use folder::DataFolder;
pub use health::Health;
pub use journal::{Journal, JournalReader};
pub use projector::{Position, Projector};
pub use recorder::Recorder;
pub use startup::{Started, startup};
pub use store::Store;
pub use utc::Utc;
