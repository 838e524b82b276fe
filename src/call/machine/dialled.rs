//! A caller whom the flow sends to somebody outside queues: an agent's phone, or a number through a trunk.
//!
//! **Owns**: the called party's leg, from the first ring to the end; that it is cancelled when the caller hangs up; what
//! the log is told of it, once. **Must not know**: which numbers may be called (the registry asks the company), what the
//! flow does afterwards.

use super::phase::Phase;
use super::ringing::leg_ended;
use super::{CallMachine, SILENT_PHONE};
use crate::call::outbound::{LegNames, Way};
use crate::call::phone_call::{PhoneAnswer, PhoneAsk};
use crate::call::port::{CallOutput, DialWays, IdSource, LegCommand, WayQuestion};
use ivr_flows::FlowInput;
use ivr_flows::port::{DialEnd, DialTo, ShownAs};
use router::event::{DialOutcome, LegRole};
use router::id::{AgentId, RecordingId};
use router::{Event, Timestamp};
use sip_gateway::leg::{LegEndCause, LegEvent, LegId};
use sip_gateway::media::port::MediaQuality;
use std::time::Duration;

/// How long the company may take to say by which way.
const ASKED: Duration = Duration::from_secs(2);

/// Somebody is called for the caller.
#[derive(Debug)]
pub(super) struct Dialled {
    stage: Stage,
    /// How long it rings.
    ring: Duration,
    shown: ShownAs,
    /// The agent whose phone it is; none: a number.
    agent: Option<AgentId>,
    /// The trunk by which it goes.
    trunk: Option<String>,
    /// The trunks that were not tried yet, the next one last.
    ways: Vec<Way>,
    party: Option<LegNames>,
    /// The log has heard of the leg.
    logged: bool,
    recording: Option<RecordingId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// The company says by which way.
    Looking {
        until: Timestamp,
    },
    /// The Distributor says whether the agent is free.
    Asking {
        extension: String,
    },
    Rings {
        heard: bool,
        silent_at: Timestamp,
        until: Timestamp,
    },
    Talks,
}

impl CallMachine {
    /// The caller hears it ring from here on.
    pub(super) fn dial(&mut self, to: DialTo, shown: ShownAs, ring: Duration, now: Timestamp) {
        self.phase = Phase::Dialled(Box::new(Dialled {
            stage: Stage::Looking { until: now + ASKED },
            ring,
            shown,
            agent: None,
            trunk: None,
            ways: Vec::new(),
            party: None,
            logged: false,
            recording: None,
        }));
        self.outputs
            .push_back(CallOutput::FindWay(WayQuestion { to }));
        self.leg(LegCommand::Ringback(self.customer.leg));
    }

    fn dialled(&mut self) -> Option<&mut Dialled> {
        match &mut self.phase {
            Phase::Dialled(dialled) => Some(dialled),
            _ => None,
        }
    }

    pub(super) fn way_found(&mut self, ways: DialWays, now: Timestamp, ids: &mut dyn IdSource) {
        let Some(dialled) = self.dialled() else {
            return;
        };
        if !matches!(dialled.stage, Stage::Looking { .. }) {
            return;
        }
        match ways {
            DialWays::None => self.dial_over(DialOutcome::Failed, now, ids),
            DialWays::Agent { agent, extension } => {
                dialled.agent = Some(agent);
                dialled.stage = Stage::Asking { extension };
                self.ask(PhoneAsk::Reserve {
                    agent,
                    even_offline: false,
                });
            }
            DialWays::Trunks(mut ways) => {
                ways.reverse();
                dialled.ways = ways;
                self.next_way(now, ids);
            }
        }
    }

    /// The Distributor's word about the agent.
    pub(super) fn dial_reserved(
        &mut self,
        answer: PhoneAnswer,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let Some(dialled) = self.dialled() else {
            return;
        };
        let Stage::Asking { extension } = &dialled.stage else {
            return;
        };
        let extension = extension.clone();
        match answer {
            PhoneAnswer::Done => self.ring_agent(extension, now, ids),
            PhoneAnswer::Busy => {
                dialled.agent = None;
                self.dial_over(DialOutcome::Busy, now, ids);
            }
            PhoneAnswer::NothingChanged | PhoneAnswer::Unreachable => {
                dialled.agent = None;
                self.dial_over(DialOutcome::NoAnswer, now, ids);
            }
        }
    }

    fn ring_agent(&mut self, extension: String, now: Timestamp, ids: &mut dyn IdSource) {
        let (leg, log_leg) = ids.leg();
        self.rings(LegNames { leg, log_leg }, now);
        let header = |name: &str, value: String| (name.to_owned(), value);
        self.leg(LegCommand::Dial {
            leg,
            extension,
            from_number: self.setup.caller_number.clone(),
            from_name: self.customer_name.clone(),
            headers: vec![
                header(
                    "X-Cordboard-Interaction",
                    self.setup.interaction.to_string(),
                ),
                header("X-Cordboard-Purpose", "transfer".to_owned()),
            ],
        });
    }

    /// The next trunk, or none is left.
    fn next_way(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        let caller = self.setup.caller_number.clone();
        let Some(dialled) = self.dialled() else {
            return;
        };
        let Some(way) = dialled.ways.pop() else {
            return self.dial_over(DialOutcome::Failed, now, ids);
        };
        dialled.trunk = Some(way.trunk.clone());
        let public = caller.filter(|number| number.reveal().starts_with('+'));
        let caller_id = match dialled.shown {
            ShownAs::Caller => public.unwrap_or(way.caller_id),
            ShownAs::Company => way.caller_id,
        };
        self.rings(way.party, now);
        self.leg(LegCommand::DialOut {
            leg: way.party.leg,
            trunk: way.trunk,
            uri: way.uri,
            caller_id,
            credentials: way.credentials,
        });
    }

    fn rings(&mut self, party: LegNames, now: Timestamp) {
        if let Some(dialled) = self.dialled() {
            let ring = dialled.ring;
            dialled.party = Some(party);
            dialled.logged = false;
            dialled.stage = Stage::Rings {
                heard: false,
                silent_at: now + SILENT_PHONE.min(ring),
                until: now + ring,
            };
        }
    }

    /// What happened on the called party's leg; false when it is another one's.
    pub(super) fn dial_event(
        &mut self,
        leg: LegId,
        event: &LegEvent,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) -> bool {
        let Some(party) = self.dialled().and_then(|dialled| dialled.party) else {
            return false;
        };
        if party.leg != leg {
            return false;
        }
        match event {
            LegEvent::Dialled { sip_call_id } => self.party_logged(sip_call_id.clone()),
            LegEvent::Progress { .. } | LegEvent::EarlyMedia => {
                if let Some(Stage::Rings { heard, .. }) =
                    self.dialled().map(|dialled| &mut dialled.stage)
                {
                    *heard = true;
                }
            }
            LegEvent::Answered => self.party_answered(party, ids),
            LegEvent::MediaLost => self.party_left(None, now, ids),
            LegEvent::Ended { cause, quality } => {
                self.party_left(Some((*cause, quality.clone())), now, ids);
            }
            LegEvent::Key(_)
            | LegEvent::PlayEnded { .. }
            | LegEvent::MediaStarted
            | LegEvent::Holds(_)
            | LegEvent::Confirmed => {}
        }
        true
    }

    /// A leg that ends before its INVITE was sent is in the log all the same.
    fn party_logged(&mut self, sip_call_id: String) {
        let interaction = self.setup.interaction;
        let Some(dialled) = self.dialled() else {
            return;
        };
        let Some(party) = dialled.party else { return };
        if std::mem::replace(&mut dialled.logged, true) {
            return;
        }
        let agent = dialled.agent;
        self.log(Event::LegStarted {
            interaction,
            leg: party.log_leg,
            role: match agent {
                Some(_) => LegRole::Agent,
                None => LegRole::Outside,
            },
            agent,
            sip_call_id,
        });
    }

    fn party_answered(&mut self, party: LegNames, ids: &mut dyn IdSource) {
        let (interaction, customer) = (self.setup.interaction, self.customer.leg);
        let Some(dialled) = self.dialled() else {
            return;
        };
        dialled.stage = Stage::Talks;
        let agent = dialled.agent;
        if let Some(agent) = agent {
            self.history.connected = true;
            self.log(Event::Connected {
                interaction,
                agent,
                leg: party.log_leg,
            });
            self.ask(PhoneAsk::Talked { agent });
        }
        self.leg(LegCommand::Bridge {
            customer,
            agent: party.leg,
        });
        let recording = self.talk_recording(self.setup.record, party.leg, ids);
        if let Some(dialled) = self.dialled() {
            dialled.recording = recording;
        }
    }

    /// The called party's leg is over, or is to be.
    fn party_left(
        &mut self,
        ended: Option<(LegEndCause, Option<MediaQuality>)>,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        self.party_logged(String::new());
        let Some(dialled) = self.dialled() else {
            return;
        };
        let Some(party) = dialled.party.take() else {
            return;
        };
        let talked = dialled.stage == Stage::Talks;
        let cause = ended.as_ref().map(|(cause, _)| *cause);
        match ended {
            Some((cause, quality)) => {
                let interaction = self.setup.interaction;
                self.log(leg_ended(interaction, party.log_leg, cause, quality));
            }
            None => self.close_agent_leg(party.leg, party.log_leg, None),
        }
        if talked {
            return self.dial_over(DialOutcome::Answered, now, ids);
        }
        let other = cause.is_some_and(is_of_the_trunk);
        let more = self
            .dialled()
            .is_some_and(|dialled| !dialled.ways.is_empty());
        if other && more {
            return self.next_way(now, ids);
        }
        self.dial_over(cause.map_or(DialOutcome::NoAnswer, outcome), now, ids);
    }

    /// Back to the flow, which hears how it ended.
    fn dial_over(&mut self, outcome: DialOutcome, now: Timestamp, ids: &mut dyn IdSource) {
        let Phase::Dialled(dialled) = std::mem::replace(&mut self.phase, Phase::InFlow) else {
            return;
        };
        let talked = dialled.stage == Stage::Talks;
        let customer = self.customer.leg;
        self.leg(if talked {
            LegCommand::Unbridge(customer)
        } else {
            LegCommand::StopPlay(customer)
        });
        self.history.agent_left_last = talked && dialled.agent.is_some();
        self.dial_closed(*dialled, outcome);
        let end = match outcome {
            DialOutcome::Answered => DialEnd::Done,
            DialOutcome::NoAnswer | DialOutcome::CallerLeft => DialEnd::NoAnswer,
            DialOutcome::Busy => DialEnd::Busy,
            DialOutcome::Failed => DialEnd::Failed,
        };
        self.drive_flow(FlowInput::DialEnded(end), now, ids);
    }

    /// The caller has left, or the call ends: what rings is cancelled.
    pub(super) fn dial_cut_off(&mut self, mut dialled: Dialled) {
        let talked = dialled.stage == Stage::Talks;
        if let Some(party) = dialled.party.take() {
            let unlogged = (!dialled.logged).then_some(());
            if unlogged.is_some() {
                let interaction = self.setup.interaction;
                self.log(Event::LegStarted {
                    interaction,
                    leg: party.log_leg,
                    role: match dialled.agent {
                        Some(_) => LegRole::Agent,
                        None => LegRole::Outside,
                    },
                    agent: dialled.agent,
                    sip_call_id: String::new(),
                });
            }
            self.close_agent_leg(party.leg, party.log_leg, None);
        }
        let outcome = if talked {
            DialOutcome::Answered
        } else {
            DialOutcome::CallerLeft
        };
        self.dial_closed(dialled, outcome);
    }

    fn dial_closed(&mut self, dialled: Dialled, outcome: DialOutcome) {
        if let Some(recording) = dialled.recording {
            self.leg(LegCommand::StopRecording(recording));
        }
        self.log(Event::FlowDialled {
            interaction: self.setup.interaction,
            agent: dialled.agent,
            trunk: dialled.trunk,
            outcome,
        });
        if let Some(agent) = dialled.agent {
            self.ask(PhoneAsk::Release { agent });
        }
        self.outputs.push_back(CallOutput::WayOver);
    }

    /// A phone that rings out, says nothing at all, or a company that does not answer.
    pub(super) fn dial_timer(&mut self, now: Timestamp, ids: &mut dyn IdSource) {
        if self.dial_deadline().is_none_or(|due| now < due) {
            return;
        }
        let Some(dialled) = self.dialled() else {
            return;
        };
        match dialled.stage {
            Stage::Looking { .. } => self.dial_over(DialOutcome::Failed, now, ids),
            Stage::Rings { heard: false, .. } if !dialled.ways.is_empty() => {
                self.party_logged(String::new());
                let party = self.dialled().and_then(|dialled| dialled.party.take());
                if let Some(party) = party {
                    self.close_agent_leg(party.leg, party.log_leg, None);
                }
                self.next_way(now, ids);
            }
            _ => self.party_left(None, now, ids),
        }
    }

    pub(super) fn dial_deadline(&self) -> Option<Timestamp> {
        let Phase::Dialled(dialled) = &self.phase else {
            return None;
        };
        match &dialled.stage {
            Stage::Looking { until }
            | Stage::Rings {
                heard: true, until, ..
            } => Some(*until),
            Stage::Rings {
                heard: false,
                silent_at,
                until,
            } => Some((*silent_at).min(*until)),
            Stage::Asking { .. } | Stage::Talks => None,
        }
    }
}

impl Dialled {
    /// The called party's leg, for checks.
    pub(super) fn leg(&self) -> Option<LegId> {
        self.party.map(|party| party.leg)
    }
}

/// Another trunk may take it.
const fn is_of_the_trunk(cause: LegEndCause) -> bool {
    matches!(
        cause,
        LegEndCause::Rejected(500 | 502 | 503)
            | LegEndCause::Unreachable
            | LegEndCause::Timeout { silent: true }
    )
}

/// What the end of a leg that never answered means.
const fn outcome(cause: LegEndCause) -> DialOutcome {
    match cause {
        LegEndCause::Rejected(486 | 600 | 603) => DialOutcome::Busy,
        LegEndCause::Rejected(408 | 480 | 487) | LegEndCause::Timeout { silent: false } => {
            DialOutcome::NoAnswer
        }
        _ => DialOutcome::Failed,
    }
}
