//! The demo's simulated agents: phones that register, ring, answer and talk with a recorded voice.
//!
//! **Owns**: their manners. They know nothing of the contact centre but its SIP address.

use super::phone_config;
use sip_gateway::leg::{
    Accounts, Credentials, GatewayCommand, GatewayEvent, IncomingCall, LegEvent, LegId, Network,
    PlayId, Trunk,
};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::port::PlayRequest;
use sip_gateway::net::Gateway;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long a simulated agent lets it ring.
const RINGS: Duration = Duration::from_millis(1500);

/// How long one talks at most before saying goodbye by hanging up.
const TALKS: Duration = Duration::from_secs(60);

/// One simulated agent.
#[derive(Clone, Debug)]
pub struct SimAgent {
    /// SIP user.
    pub extension: String,
    /// Digest password.
    pub password: String,
    /// What it says, again and again.
    pub voice: Arc<Clip>,
}

/// What a leg is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Answer,
    HangUp,
}

#[derive(Debug)]
struct Talk {
    voice: Arc<Clip>,
    next: Next,
    at: Instant,
}

/// Starts all of them at one phone address; they live as long as the process.
///
/// # Errors
/// When no port is free.
pub async fn start(server: SocketAddr, agents: Vec<SimAgent>) -> anyhow::Result<()> {
    let trunk = Trunk {
        name: "server".to_owned(),
        register: None,
        from: vec![Network {
            address: server.ip(),
            prefix: if server.is_ipv4() { 32 } else { 128 },
        }],
    };
    let accounts = Accounts {
        devices: Vec::new(),
        trunks: vec![trunk],
    };
    let (gateway, events) = Gateway::start(phone_config(server.ip(), accounts)).await?;
    for agent in &agents {
        gateway
            .send(GatewayCommand::Register {
                address_of_record: format!("sip:{}@{server}", agent.extension),
                credentials: Credentials {
                    username: agent.extension.clone(),
                    password: agent.password.clone(),
                },
                expires: Duration::from_secs(300),
            })
            .await?;
    }
    let voices = agents
        .into_iter()
        .map(|agent| (agent.extension, agent.voice))
        .collect();
    tokio::spawn(live(gateway, events, voices));
    Ok(())
}

async fn live(
    gateway: Gateway,
    mut events: mpsc::Receiver<GatewayEvent>,
    voices: BTreeMap<String, Arc<Clip>>,
) {
    let mut talks: HashMap<LegId, Talk> = HashMap::new();
    loop {
        let due = talks
            .iter()
            .min_by_key(|(_, talk)| talk.at)
            .map(|(leg, talk)| (*leg, talk.at));
        let sleep = async {
            match due {
                Some((leg, at)) => {
                    tokio::time::sleep_until(at).await;
                    leg
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = events.recv() => match event {
                Some(GatewayEvent::Incoming(call)) => incoming(&gateway, &voices, &mut talks, call).await,
                Some(GatewayEvent::Leg { leg, event: LegEvent::Ended { .. } }) => {
                    talks.remove(&leg);
                }
                Some(GatewayEvent::Registration { address_of_record, result: Err(status) }) => {
                    tracing::warn!(%address_of_record, status, "a simulated agent could not register");
                }
                Some(_) => {}
                None => break,
            },
            leg = sleep => act(&gateway, &mut talks, leg).await,
        }
    }
}

async fn incoming(
    gateway: &Gateway,
    voices: &BTreeMap<String, Arc<Clip>>,
    talks: &mut HashMap<LegId, Talk>,
    call: IncomingCall,
) {
    let Some(voice) = voices.get(&call.dialed_user) else {
        let _ = gateway
            .send(GatewayCommand::Reject {
                leg: call.leg,
                status: 404,
                retry_after: None,
            })
            .await;
        return;
    };
    let _ = gateway.send(GatewayCommand::Ring(call.leg)).await;
    talks.insert(
        call.leg,
        Talk {
            voice: voice.clone(),
            next: Next::Answer,
            at: Instant::now() + RINGS,
        },
    );
}

async fn act(gateway: &Gateway, talks: &mut HashMap<LegId, Talk>, leg: LegId) {
    let Some(talk) = talks.get_mut(&leg) else {
        return;
    };
    talk.at = Instant::now() + TALKS;
    match std::mem::replace(&mut talk.next, Next::HangUp) {
        Next::Answer => {
            let request = PlayRequest {
                play: PlayId(1),
                clips: vec![talk.voice.clone()],
                repeat: true,
                resume: false,
                at_most: None,
                until_heard: false,
            };
            let _ = gateway.send(GatewayCommand::Answer(leg)).await;
            let _ = gateway.send(GatewayCommand::Play { leg, request }).await;
        }
        Next::HangUp => {
            let _ = gateway.send(GatewayCommand::Hangup(leg)).await;
        }
    }
}
