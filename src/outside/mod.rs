//! Servers outside that flows ask: the egress policy, and the one way out.
//!
//! **Owns**: how many questions are under way, tries and their times. **Must not know**: what a flow asks for, and why.
//!
//! A question never holds up its call: the call hands it over, and the answer comes into the call's mailbox. What is
//! too much is refused at once. Nothing of a URL's values, a body or a secret is ever logged.

mod audio;
mod client;
mod policy;
mod secrets;
#[cfg(test)]
mod tests;

pub use audio::{AudioFailure, AudioServer};
pub use client::web_address;
pub use policy::Policy;
pub use secrets::{SecretSource, Secrets};

use crate::call::actor::Mailbox;
use crate::call::port::CallInput;
use client::{Client, Failure};
use ivr_flows::port::{FetchAnswer, FetchRequest};
use router::id::InteractionId;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

/// Questions under way at once; further ones are refused.
const AT_ONCE: usize = 128;
/// Between two tries of one question.
const PAUSE: Duration = Duration::from_millis(200);

/// `[flows]` of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutsideSettings {
    /// Which addresses may be reached.
    pub policy: Policy,
    /// Where secrets come from.
    pub secrets: Secrets,
}

/// The way out.
#[derive(Clone, Debug)]
pub struct Outside {
    client: Arc<Client>,
    room: Arc<Semaphore>,
    tasks: Handle,
}

impl Outside {
    /// Nothing is asked yet. Questions run on `tasks`.
    #[must_use]
    pub fn new(settings: OutsideSettings, tasks: &Handle) -> Self {
        Self {
            client: Arc::new(Client::new(settings)),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: tasks.clone(),
        }
    }

    /// Asks, and puts the answer into the call's mailbox. False: too many are asked already.
    #[must_use]
    pub fn ask(
        &self,
        interaction: InteractionId,
        ask: u32,
        request: FetchRequest,
        mailbox: Mailbox,
    ) -> bool {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            return false;
        };
        let client = Arc::clone(&self.client);
        self.tasks.spawn(async move {
            let answer = answered(&client, &request, || mailbox.is_closed()).await;
            tracing::debug!(%interaction, block = %request.block, ?answer, "a server outside was asked");
            if let FetchAnswer::Refused(why) = &answer {
                tracing::warn!(%interaction, block = %request.block, why, "an answer from outside is of no use");
            }
            // Who has hung up meanwhile waits for nothing.
            let _ = mailbox.send(CallInput::Fetched { ask, answer }).await;
            drop(place);
        });
        true
    }
}

/// Asks as often as the request allows, while somebody waits for it.
async fn answered(
    client: &Client,
    request: &FetchRequest,
    nobody_waits: impl Fn() -> bool,
) -> FetchAnswer {
    let tries = request.retries.saturating_add(1);
    let end = Instant::now() + request.timeout.saturating_mul(tries);
    let mut last = FetchAnswer::TimedOut;
    for number in 1..=tries {
        let (answer, again) = one_try(client, request).await;
        last = answer;
        let left = end.saturating_duration_since(Instant::now());
        if !again || number == tries || left <= PAUSE || nobody_waits() {
            break;
        }
        sleep(PAUSE).await;
    }
    last
}

/// One try, and whether another one makes sense and does no harm: what a server may have carried out is not asked twice
/// unless that is the same.
async fn one_try(client: &Client, request: &FetchRequest) -> (FetchAnswer, bool) {
    let harmless = request.method.is_idempotent();
    match timeout(request.timeout, client.ask(request)).await {
        Err(_) => (FetchAnswer::TimedOut, harmless),
        Ok(Err(Failure::NotConnected)) => (FetchAnswer::Unreachable, true),
        Ok(Err(Failure::Broken)) => (FetchAnswer::Unreachable, harmless),
        Ok(Err(Failure::Refused(why))) => (FetchAnswer::Refused(why), false),
        Ok(Ok((status, body))) => {
            let again = harmless && matches!(status, 502..=504);
            (FetchAnswer::Answered { status, body }, again)
        }
    }
}
