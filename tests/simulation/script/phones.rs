//! What a phone and whoever sits at it do when something happens: it rings, is answered, is up, vanishes, comes back.
//!
//! **Owns**: these reactions, by dice. **Must not know**: what anybody planned.

use super::{Plan, SECOND};
use crate::world::World;
use bytes::Bytes;
use sip_gateway::leg::LegId;
use sip_gateway::sip::port::SipCommand;

impl World {
    /// The contact centre answered our call.
    pub(crate) fn answered(&mut self, party: usize, leg: LegId) {
        self.say(party, &format!("{leg} is answered"));
        if self.dice.percent(4) {
            // At the very moment of the answer.
            self.plan(0, Plan::Hangup { party, leg });
        }
    }

    /// A phone rings.
    pub(crate) fn rung(&mut self, party: usize, leg: LegId, offer: Option<Bytes>) {
        self.say(party, &format!("{leg} rings"));
        if self.stopped {
            let status = 486;
            return self.plan(0, Plan::Decline { party, leg, status });
        }
        let soon = self.dice.below(400_000);
        let answer = |bye| Plan::Answer {
            party,
            leg,
            offer,
            bye,
        };
        match self.dice.below(100) {
            0..=44 => {
                self.plan(soon, Plan::Ring { party, leg });
                let after = self.dice.between(soon, 6 * SECOND);
                self.plan(after, answer(false));
            }
            45..=54 => self.plan(0, answer(false)),
            55..=66 => {
                self.plan(soon, Plan::Ring { party, leg });
                // A BYE right behind the 200.
                let after = self.dice.between(soon, 3 * SECOND);
                self.plan(after, answer(true));
            }
            67..=76 => {
                self.plan(soon, Plan::Ring { party, leg });
                // Around the end of the ringing of either queue: it crosses our CANCEL.
                let timeout = self.dice.pick(&[12, 12, 7]) * SECOND;
                let after = timeout - SECOND / 2 + self.dice.below(SECOND);
                self.plan(after, answer(false));
            }
            77..=88 => {
                let status = self.dice.pick(&[486, 486, 603, 480, 404, 503, 408]);
                let after = self.dice.below(5 * SECOND);
                self.plan(after, Plan::Decline { party, leg, status });
            }
            89..=96 => self.plan(soon, Plan::Ring { party, leg }),
            _ => {
                self.plan(soon, Plan::Ring { party, leg });
                self.plan(soon + SECOND, Plan::Vanish { party });
                let back = self.dice.between(2 * SECOND, 60 * SECOND);
                self.plan(
                    back,
                    Plan::Return {
                        party,
                        reboot: true,
                    },
                );
            }
        }
    }

    pub(super) fn pick_up(&mut self, party: usize, leg: LegId, offer: Option<Bytes>, bye: bool) {
        let live = self.parties[party]
            .calls
            .get(&leg)
            .is_some_and(|call| !call.over);
        if !live {
            return;
        }
        self.say(party, &format!("answers {leg}"));
        let sdp = self.parties[party].answer_to(offer.as_ref());
        self.command(party, SipCommand::Answer { leg, sdp });
        if bye {
            self.hang_up(party, leg);
        }
    }

    /// Our 200 is acknowledged: the talk lasts a while, and either side may end it.
    pub(crate) fn confirmed(&mut self, party: usize, leg: LegId) {
        self.say(party, &format!("{leg} is up"));
        if let Some(call) = self.parties[party].calls.get_mut(&leg) {
            call.answered = true;
        }
        if self.dice.percent(25) {
            let at = self.dice.below(6 * SECOND);
            let back = at + self.dice.below(8 * SECOND);
            self.plan(
                at,
                Plan::Hold {
                    party,
                    leg,
                    held: true,
                },
            );
            self.plan(
                back,
                Plan::Hold {
                    party,
                    leg,
                    held: false,
                },
            );
        }
        if self.dice.percent(75) {
            let after = match self.dice.below(3) {
                0 => self.dice.below(300_000),
                _ => self.dice.below(30 * SECOND),
            };
            self.plan(after, Plan::Hangup { party, leg });
        }
    }

    /// By an INVITE inside the dialog: sendonly or inactive, and back.
    pub(super) fn hold(&mut self, party: usize, leg: LegId, held: bool) {
        let live = self.parties[party]
            .calls
            .get(&leg)
            .is_some_and(|call| !call.over);
        if !live {
            return;
        }
        let direction = match held {
            true => self.dice.pick(&["sendonly", "inactive"]),
            false => "sendrecv",
        };
        self.say(party, &format!("{leg} {direction}"));
        let offer = self.parties[party].offer();
        let text = String::from_utf8_lossy(&offer).replace("sendrecv", direction);
        let sdp = Bytes::from(text);
        self.command(party, SipCommand::Reinvite { leg, sdp });
        self.core.count("holds");
    }

    pub(super) fn set_online(&mut self, party: usize, online: bool) {
        self.say(party, if online { "is back" } else { "vanishes" });
        self.parties[party].online = online;
        let ip = self.parties[party].address.ip();
        let media = self.core.legs.media_mut();
        media.now = self.now;
        media.set_silent(ip, !online);
    }

    pub(super) fn comes_back(&mut self, party: usize, reboot: bool) {
        self.set_online(party, true);
        if reboot && !self.stopped {
            let now = self.core.instant(self.now);
            self.parties[party].reboot(now);
            self.say(party, "has rebooted");
            if let Some(command) = self.parties[party].register() {
                self.command(party, command);
            }
        }
    }
}
