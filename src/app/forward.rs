//! The gateway's events to whom they concern.
//!
//! **Owns**: which task each kind of event is for. **Must not know**: what they do with it.

use crate::bindings::BindingsKeeper;
use crate::call::registry::RegistryMessage;
use crate::distributor_task::DistributorMessage;
use crate::trunk_registrations::TrunkRegistrations;
use sip_gateway::leg::GatewayEvent;
use tokio::sync::mpsc;

/// Runs until the gateway or one of them has ended.
pub(super) async fn events(
    mut events: mpsc::Receiver<GatewayEvent>,
    (registry, distributor): (
        mpsc::Sender<RegistryMessage>,
        mpsc::Sender<DistributorMessage>,
    ),
    bindings: BindingsKeeper,
    trunks: TrunkRegistrations,
) {
    while let Some(event) = events.recv().await {
        let gone = match event {
            GatewayEvent::Incoming(call) => registry
                .send(RegistryMessage::Incoming(call))
                .await
                .is_err(),
            GatewayEvent::Leg { leg, event } => registry
                .send(RegistryMessage::LegEvent { leg, event })
                .await
                .is_err(),
            GatewayEvent::Device { extension, change } => distributor
                .send(DistributorMessage::Device { extension, change })
                .await
                .is_err(),
            GatewayEvent::Bindings(records) => {
                bindings.keep(records).await;
                false
            }
            GatewayEvent::Trunk { trunk, state } => {
                trunks.changed(trunk, state);
                false
            }
            GatewayEvent::Registration { .. } => false,
        };
        if gone {
            break;
        }
    }
}
