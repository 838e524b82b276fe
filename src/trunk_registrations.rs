//! How the registrations with carriers stand, for whoever looks, and their end at a stop.
//!
//! **Owns**: the latest state of each, one line of the log when it changes. **Must not know**: how a registration goes
//! (`sip-gateway/src/sip/registrar/`), passwords, numbers.

use sip_gateway::leg::{GatewayCommand, TrunkState};
use sip_gateway::net::Gateway;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// How long carriers may take to hear that we go.
const LEAVING: Duration = Duration::from_secs(2);

/// By name; trunks that do not register are not here.
pub type TrunkStates = BTreeMap<String, TrunkState>;

/// Takes the news in.
#[derive(Debug)]
pub struct TrunkRegistrations {
    states: watch::Sender<TrunkStates>,
}

impl TrunkRegistrations {
    /// The keeper, and what it keeps.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<TrunkStates>) {
        let (states, seen) = watch::channel(TrunkStates::new());
        (Self { states }, seen)
    }

    /// Something changed.
    pub fn changed(&self, trunk: String, state: TrunkState) {
        match state {
            TrunkState::Asking => tracing::info!(trunk, "registering with the carrier"),
            TrunkState::Registered => tracing::info!(trunk, "registered with the carrier"),
            TrunkState::Refused(0) => tracing::warn!(
                trunk,
                "the carrier does not answer our registration: we ask on; see `registrar` of this trunk and the firewall"
            ),
            TrunkState::Refused(status @ (401 | 403 | 407)) => tracing::warn!(
                trunk,
                status,
                "the carrier refuses our name or password: we ask on once a minute at most"
            ),
            TrunkState::Refused(status) => {
                tracing::warn!(
                    trunk,
                    status,
                    "the carrier refuses our registration: we ask on"
                );
            }
            TrunkState::Gone => tracing::info!(trunk, "no longer registered with the carrier"),
        }
        self.states.send_modify(|states| match state {
            TrunkState::Gone => drop(states.remove(&trunk)),
            state => drop(states.insert(trunk, state)),
        });
    }
}

/// Takes our contacts back, so that carriers send their calls elsewhere, and waits a moment for their answers.
pub async fn leave(gateway: &Gateway, states: &mut watch::Receiver<TrunkStates>) {
    if states.borrow().is_empty() || gateway.send(GatewayCommand::LeaveTrunks).await.is_err() {
        return;
    }
    let all_gone = states.wait_for(BTreeMap::is_empty);
    if tokio::time::timeout(LEAVING, all_gone).await.is_err() {
        tracing::warn!(
            "a carrier did not hear that we go: its calls come here until its registration ends"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_each_is_kept_until_it_is_gone() {
        let (keeper, seen) = TrunkRegistrations::new();
        keeper.changed("a".to_owned(), TrunkState::Asking);
        keeper.changed("b".to_owned(), TrunkState::Registered);
        keeper.changed("a".to_owned(), TrunkState::Refused(403));
        let states: Vec<_> = seen.borrow().iter().map(|(n, s)| (n.clone(), *s)).collect();
        assert_eq!(
            states,
            [
                ("a".to_owned(), TrunkState::Refused(403)),
                ("b".to_owned(), TrunkState::Registered)
            ]
        );
        keeper.changed("a".to_owned(), TrunkState::Gone);
        keeper.changed("b".to_owned(), TrunkState::Gone);
        assert!(seen.borrow().is_empty());
    }
}
