//! What people do: callers who dial, press, wait, talk and leave at any moment; agents who answer, decline, let it
//! ring, answer too late, hang up at once, vanish, register again, change their state; an operator who edits and stops.
//!
//! **Owns**: these intentions, by dice. **Must not know**: what the contact centre makes of them.

mod controls;
mod phones;

use crate::company;
use crate::core::Core;
use crate::world::World;
use bytes::Bytes;
use cordboard::distributor_task::desk::DeskInput;
use router::agent::{Reason, Wanted};
use router::id::{AgentId, InteractionId, OfferId};
use router::{Event, Input};
use sip_gateway::leg::LegId;
use sip_gateway::sip::port::SipCommand;

const SECOND: u64 = 1_000_000;
/// Traffic lasts this long.
const TRAFFIC: u64 = 120 * SECOND;
/// After the traffic everything has ended by itself: the longest is a phone's binding, then timers of 64 T1.
const AFTERMATH: u64 = 450 * SECOND;

/// Something somebody will do.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    Dial {
        party: usize,
        dialled: &'static str,
    },
    Key {
        party: usize,
        key: char,
    },
    Hangup {
        party: usize,
        leg: LegId,
    },
    Ring {
        party: usize,
        leg: LegId,
    },
    Answer {
        party: usize,
        leg: LegId,
        offer: Option<Bytes>,
        bye: bool,
    },
    Decline {
        party: usize,
        leg: LegId,
        status: u16,
    },
    Vanish {
        party: usize,
    },
    Return {
        party: usize,
        reboot: bool,
    },
    Register {
        party: usize,
    },
    Unregister {
        party: usize,
    },
    State {
        agent: AgentId,
        wanted: Wanted,
    },
    /// Puts the other side on hold, or takes it back.
    Hold {
        party: usize,
        leg: LegId,
        held: bool,
    },
    /// Somebody asks something of some talk.
    Control,
    /// A supervisor closes some queue, or opens it.
    Close,
    /// An answer to an offer that is over.
    Outdated,
    Reload {
        edition: usize,
    },
    Drain,
    EndAll,
}

impl World {
    /// One seed from its first registration to the last timer.
    pub(crate) fn play(&mut self) -> Result<(), String> {
        let phones = company::AGENTS.len();
        for party in 0..phones {
            let after = self.dice.below(4 * SECOND);
            self.plan(after, Plan::Register { party });
            self.agent_intends(party);
        }
        for party in phones..self.parties.len() {
            self.caller_intends(party);
        }
        self.operator_intends();
        // A planted fault is to be found by its own check: the talks are left alone there.
        if self.core.fault.is_none() {
            self.controls_are_intended();
        }
        self.run(TRAFFIC)?;
        self.stop();
        for _ in 0..3 {
            self.everybody_leaves();
            let until = self.now + 33 * SECOND;
            self.run(until)?;
        }
        self.run(TRAFFIC + AFTERMATH)?;
        self.checks.at_the_end(&self.core, &self.parties)
    }

    fn caller_intends(&mut self, party: usize) {
        let at = self.dice.below(TRAFFIC * 3 / 4);
        let dialled = self.dice.pick(&[
            "9000", "9000", "9000", "9001", "9001", "9002", "9002", "9003", "9999",
        ]);
        self.plan(at, Plan::Dial { party, dialled });
        for _ in 0..self.dice.below(5) {
            let key = self.dice.pick(&['1', '1', '2', '3', '9', '5', '#']);
            let after = at + self.dice.below(20 * SECOND);
            self.plan(after, Plan::Key { party, key });
        }
        if self.dice.percent(6) {
            let after = at + self.dice.below(60 * SECOND);
            self.plan(after, Plan::Vanish { party });
        }
        // A second call of the same caller.
        if self.dice.percent(30) {
            let after = at + self.dice.below(60 * SECOND);
            self.plan(after, Plan::Dial { party, dialled });
        }
    }

    fn agent_intends(&mut self, party: usize) {
        let agent = AgentId::from_number(party as u64 + 1);
        for _ in 0..self.dice.below(6) {
            let at = self.dice.below(TRAFFIC);
            let plan = match self.dice.below(12) {
                0..=2 => Plan::State {
                    agent,
                    wanted: Wanted::Available,
                },
                3 => {
                    let reason = Reason::Company("lunch".to_owned());
                    Plan::State {
                        agent,
                        wanted: Wanted::NotReady { reason },
                    }
                }
                4 => Plan::State {
                    agent,
                    wanted: Wanted::Offline,
                },
                5..=6 => {
                    let codes = ["*60", "*60", "*61", "*62", "*43"];
                    Plan::Dial {
                        party,
                        dialled: self.dice.pick(&codes),
                    }
                }
                7 => {
                    let (_, dialled) = self.dice.pick(&company::AGENTS);
                    Plan::Dial { party, dialled }
                }
                8 => Plan::Dial {
                    party,
                    dialled: self.dice.pick(&["9000", "9001", "+34911222333"]),
                },
                9 => Plan::Unregister { party },
                10 => Plan::Vanish { party },
                _ => Plan::Register { party },
            };
            if matches!(plan, Plan::Vanish { .. }) {
                let reboot = self.dice.percent(60);
                let back = at + self.dice.between(SECOND, 100 * SECOND);
                self.plan(back, Plan::Return { party, reboot });
            }
            self.plan(at, plan);
        }
        // Agents with a desk say that they are here.
        let at = self.dice.between(4 * SECOND, 20 * SECOND);
        self.plan(
            at,
            Plan::State {
                agent,
                wanted: Wanted::Available,
            },
        );
    }

    fn operator_intends(&mut self) {
        for _ in 0..self.dice.below(3) {
            let at = self.dice.below(TRAFFIC);
            let edition = self.dice.below(3) as usize;
            self.plan(at, Plan::Reload { edition });
        }
        for _ in 0..self.dice.below(6) {
            let at = self.dice.below(TRAFFIC);
            self.plan(at, Plan::Outdated);
        }
        if self.dice.percent(25) {
            let at = self.dice.between(TRAFFIC / 2, TRAFFIC);
            self.plan(at, Plan::Drain);
            if self.dice.percent(60) {
                let after = at + self.dice.below(20 * SECOND);
                self.plan(after, Plan::EndAll);
            }
        }
    }

    pub(crate) fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::Dial { .. } | Plan::Vanish { .. } | Plan::Register { .. } if self.stopped => {}
            Plan::Dial { party, dialled } => self.dial(party, dialled),
            Plan::Key { party, key } => {
                let ip = self.parties[party].address.ip();
                if self.parties[party].online && self.core.key_from(self.now, ip, key) {
                    self.say(party, &format!("presses {key}"));
                }
            }
            Plan::Hangup { party, leg } => self.hang_up(party, leg),
            Plan::Ring { party, leg } => {
                let command = SipCommand::Provisional {
                    leg,
                    status: 180,
                    sdp: None,
                };
                self.command(party, command);
            }
            Plan::Answer {
                party,
                leg,
                offer,
                bye,
            } => self.pick_up(party, leg, offer, bye),
            Plan::Decline { party, leg, status } => {
                self.say(party, &format!("declines {leg} with {status}"));
                let retry_after = None;
                self.command(
                    party,
                    SipCommand::Reject {
                        leg,
                        status,
                        retry_after,
                    },
                );
            }
            Plan::Hold { party, leg, held } => self.hold(party, leg, held),
            Plan::Vanish { party } => self.set_online(party, false),
            Plan::Return { party, reboot } => self.comes_back(party, reboot),
            Plan::Register { party } => {
                self.say(party, "registers");
                if let Some(command) = self.parties[party].register() {
                    self.command(party, command);
                }
            }
            Plan::Unregister { party } => {
                self.say(party, "takes its registration back");
                if let Some(command) = self.parties[party].unregister() {
                    self.command(party, command);
                }
            }
            Plan::State { agent, wanted } => self.asks_for(agent, wanted),
            Plan::Control => self.control_some_talk(),
            Plan::Close => self.close_some_queue(),
            Plan::Outdated => outdated(&mut self.core),
            Plan::Reload { edition } => self.saves(edition),
            Plan::Drain => {
                self.core.say("operator", "takes no more calls");
                self.core.drain();
            }
            Plan::EndAll => {
                self.core.say("operator", "ends every call");
                self.core.end_all();
            }
        }
    }

    fn saves(&mut self, edition: usize) {
        let what = format!("saves edition {edition} of the company");
        self.core.say("operator", &what);
        self.core.count("reloads");
        self.core.reload(company::company(edition));
    }

    fn dial(&mut self, party: usize, dialled: &str) {
        let (leg, command) = self.parties[party].dial(dialled);
        self.say(party, &format!("dials {dialled}: {leg}"));
        self.command(party, command);
        // Whoever hangs up before the answer, around it, while waiting, or not at all.
        let patience = match self.dice.below(100) {
            0..=14 => self.dice.below(600_000),
            15..=49 => self.dice.below(40 * SECOND),
            50..=69 => self.dice.between(30 * SECOND, 150 * SECOND),
            _ => return,
        };
        self.plan(patience, Plan::Hangup { party, leg });
    }

    fn hang_up(&mut self, party: usize, leg: LegId) {
        let live = self.parties[party]
            .calls
            .get(&leg)
            .is_some_and(|call| !call.over);
        if live {
            self.say(party, &format!("hangs up {leg}"));
            self.command(party, SipCommand::Hangup { leg });
        }
    }

    fn asks_for(&mut self, agent: AgentId, wanted: Wanted) {
        self.core.say(
            "api",
            &format!("agent {} asks for {wanted:?}", agent.uuid().as_u128()),
        );
        // The same door that a feature code takes, from a call that is gone: nobody hears the answer.
        let ask = cordboard::call::phone_call::PhoneAsk::SetState { agent, wanted };
        let call = InteractionId::from_number(u64::MAX);
        self.core.tell_desk(DeskInput::FromPhone { call, ask });
        self.core.tell_desk(DeskInput::Detach { interaction: call });
    }

    fn stop(&mut self) {
        self.stopped = true;
        self.core.say("operator", "the traffic stops");
    }

    fn everybody_leaves(&mut self) {
        for party in 0..self.parties.len() {
            for leg in self.parties[party].live_calls() {
                self.hang_up(party, leg);
            }
            if let Some(command) = self.parties[party].unregister() {
                self.command(party, command);
            }
        }
    }
}

/// Some offer of the past is answered, or one that never was (I8).
fn outdated(core: &mut Core) {
    let ended = core.log.iter().rev().find_map(|(_, event)| match event {
        Event::OfferEnded {
            offer, interaction, ..
        } => Some((*offer, *interaction)),
        _ => None,
    });
    let never = OfferId { epoch: 0, seq: 1 };
    let (offer, interaction) = ended.unwrap_or((never, InteractionId::from_number(0)));
    core.say("outdated", &format!("offer {offer} is answered"));
    let input = Input::OfferAnswered { offer };
    // Said by the desk's own door, at once: nothing may change by it.
    core.desk(DeskInput::Tick);
    let before = (core.desk.agents(), core.desk.queues());
    core.desk(DeskInput::FromCall { interaction, input });
    let after = (core.desk.agents(), core.desk.queues());
    core.outdated_changed |= before != after;
    core.count("outdated answers");
    if !core.calls.contains_key(&interaction) {
        core.desk(DeskInput::Detach { interaction });
    }
}
