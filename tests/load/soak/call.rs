//! The callers: what each wants, and what became of it.

use super::engine::{Engine, Way, What};
use super::text::Ask;
use crate::sip::{self, Received};
use std::time::{Duration, Instant};

/// What a caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// Presses 1 and hears goodbye.
    Goodbye,
    /// Hangs up in the menu.
    LeavesMenu,
    /// Presses nothing, until the menu gives up.
    Silent,
    /// Waits where nobody serves, and hangs up.
    LeavesQueue,
    /// Waits where nobody serves, until the queue's time is over.
    TimedOut,
    /// Talks with an agent, then hangs up.
    Talks,
    /// Talks with an agent who hangs up.
    TalksAndIsLeft,
    /// Thinks better of it at once.
    Cancels,
    /// Dials what nobody has.
    Misdials,
}

impl Story {
    /// Shares of a hundred.
    const MIX: [(Self, u64); 9] = [
        (Self::Goodbye, 12),
        (Self::LeavesMenu, 6),
        (Self::Silent, 4),
        (Self::LeavesQueue, 16),
        (Self::TimedOut, 6),
        (Self::Talks, 26),
        (Self::TalksAndIsLeft, 26),
        (Self::Cancels, 3),
        (Self::Misdials, 1),
    ];

    fn chosen(mut dice: u64) -> Self {
        for (story, share) in Self::MIX {
            if dice < share {
                return story;
            }
            dice -= share;
        }
        Self::Goodbye
    }

    /// Outcomes that a record of it may have.
    pub(crate) fn may_end_as(self, outcome: &str) -> bool {
        let right: &[&str] = match self {
            Self::Goodbye | Self::LeavesMenu | Self::Silent => &["self_served"],
            Self::LeavesQueue => &["abandoned", "short_abandoned"],
            Self::TimedOut => &["unserved"],
            Self::Talks | Self::TalksAndIsLeft => &["answered"],
            Self::Cancels => &["self_served", "abandoned", "short_abandoned"],
            Self::Misdials => &[],
        };
        right.contains(&outcome)
    }

    const fn ends_by_itself(self) -> bool {
        matches!(
            self,
            Self::Goodbye | Self::Silent | Self::TimedOut | Self::TalksAndIsLeft
        )
    }

    const fn talks(self) -> bool {
        matches!(self, Self::Talks | Self::TalksAndIsLeft)
    }
}

/// One call as the generator saw it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) story: Story,
    pub(crate) number: String,
    place: usize,
    pub(crate) leg: Option<u32>,
    invite: Option<Ask>,
    begun: Instant,
    pub(crate) answered: Option<Instant>,
    target: String,
    remote: String,
    /// An agent's phone has answered for this call.
    pub(crate) met_agent: bool,
    hears_agent: Option<Instant>,
    talk_ended: Option<Instant>,
    pub(crate) agent: Option<(usize, String)>,
    over: bool,
    /// It stood when the traffic was stopped: it ends in the middle of its story.
    pub(crate) cut: bool,
}

impl Call {
    /// How long both were heard, seconds.
    pub(crate) fn talked(&self) -> Option<f64> {
        let (from, to) = (self.hears_agent?, self.talk_ended?);
        Some(to.saturating_duration_since(from).as_secs_f64())
    }

    /// For people who look for it in the log.
    pub(crate) fn told(&self) -> String {
        format!("call {} ({:?})", self.place, self.story)
    }
}

impl Engine {
    pub(crate) fn new_call(&mut self) -> Result<(), String> {
        if self.stopping {
            return Ok(());
        }
        let place = self.calls.len();
        let story = Story::chosen(self.dice.roll(100));
        let (leg, port) = self.open_leg(Some(place))?;
        let (number, line, server) = (sip::number(place), self.line(Way::Caller), self.server);
        let dialled = if story == Story::Misdials {
            "9404"
        } else {
            "9000"
        };
        let invite = Ask {
            method: "INVITE",
            uri: format!("sip:{dialled}@{server}"),
            branch: format!("soak{place}"),
            from: format!("<sip:{number}@{}>;tag=f{place}", line.own),
            to: format!("<sip:{dialled}@{server}>"),
            call_id: format!("soak-{place}@{}", line.own),
            cseq: 1,
            contact: format!("<sip:{number}@{}>", line.own),
            extra: String::new(),
            body: sip::sdp(port),
        };
        let text = invite.text(line);
        self.calls.push(Call {
            story,
            number,
            place,
            leg: Some(leg),
            invite: Some(invite),
            begun: Instant::now(),
            answered: None,
            target: String::new(),
            remote: String::new(),
            met_agent: false,
            hears_agent: None,
            talk_ended: None,
            agent: None,
            over: false,
            cut: false,
        });
        self.standing += 1;
        self.send_until_answered(Way::Caller, format!("INVITE {place}"), text);
        if story == Story::Cancels {
            let after = self.dice.ms(0, 8);
            self.at(after, What::Cancel(place));
        }
        Ok(())
    }

    pub(crate) fn caller_hears(&mut self, message: &Received<'_>) -> Result<(), String> {
        let place = message.header("Call-ID").and_then(|id| {
            let digits = id.strip_prefix("soak-")?.split('@').next()?;
            digits.parse::<usize>().ok()
        });
        let Some(place) = place.filter(|place| *place < self.calls.len()) else {
            return Ok(());
        };
        match (message.status(), message.cseq_method()) {
            (None, "BYE") => self.server_hangs_up(place, message),
            (None, _) => {}
            (Some(status), "INVITE") => self.invite_answered(place, status, message),
            (Some(200..), "BYE") => {
                self.answered(&format!("BYE {place}"));
                self.call_over(place);
            }
            (Some(200..), "CANCEL") => self.answered(&format!("CANCEL {place}")),
            _ => {}
        }
        Ok(())
    }

    fn invite_answered(&mut self, place: usize, status: u16, message: &Received<'_>) {
        self.answered(&format!("INVITE {place}"));
        let Some(invite) = self.calls[place].invite.clone() else {
            return;
        };
        let line = self.line(Way::Caller);
        let to = message.header("To").unwrap_or_default();
        match status {
            100..200 => {}
            200 => {
                let target = message.uri("Contact").unwrap_or_default();
                self.send(Way::Caller, &invite.in_dialog("ACK", target, to).text(line));
                if self.calls[place].answered.is_none() {
                    let call = &mut self.calls[place];
                    (call.target, call.remote) = (target.to_owned(), to.to_owned());
                    self.caller_answered(place, message);
                }
            }
            _ => {
                self.send(Way::Caller, &invite.same_branch("ACK", to).text(line));
                let story = self.calls[place].story;
                let expected = (story == Story::Misdials && status == 404)
                    || (story == Story::Cancels && status == 487);
                if !expected {
                    let fault = format!("{}: refused with {status}", self.calls[place].told());
                    self.tally.faults.push(fault);
                }
                self.call_over(place);
            }
        }
    }

    fn caller_answered(&mut self, place: usize, ok: &Received<'_>) {
        let call = &mut self.calls[place];
        call.answered = Some(Instant::now());
        let (story, leg) = (call.story, call.leg);
        if let Some(leg) = leg {
            self.speak_to(leg, ok.audio());
        }
        let pressed = self.dice.ms(1_100, 1_900);
        let key = match story {
            Story::Goodbye => 1,
            Story::Talks | Story::TalksAndIsLeft => 2,
            Story::LeavesQueue => 3,
            Story::TimedOut => 4,
            _ => 0,
        };
        if key > 0 {
            self.at(pressed, What::Press(place, key));
        }
        let patience = match story {
            Story::Cancels => Duration::ZERO,
            Story::LeavesMenu => self.dice.ms(200, 2_500),
            Story::LeavesQueue => self.dice.ms(6_000, 26_000),
            // Longer than anything may take: what still stands then is a fault.
            _ => Duration::from_secs(240),
        };
        self.at(patience, What::HangUp(place));
    }

    /// The first packet of the agent is heard: the talk has a length from here on.
    pub(crate) fn hears_agent(&mut self, place: usize) {
        self.calls[place].hears_agent = Some(Instant::now());
        let length = self.dice.ms(30_000, 60_000);
        match (self.calls[place].story, self.calls[place].agent.clone()) {
            (Story::TalksAndIsLeft, Some((agent, id))) => {
                self.at(length, What::AgentHangsUp(agent, id));
            }
            _ => self.at(length, What::HangUp(place)),
        }
    }

    pub(crate) fn talk_ends(&mut self, place: usize) {
        self.calls[place]
            .talk_ended
            .get_or_insert_with(Instant::now);
    }

    pub(crate) fn cancel(&mut self, place: usize) {
        let call = &self.calls[place];
        let Some(invite) = call.invite.as_ref().filter(|_| call.answered.is_none()) else {
            return;
        };
        let text = invite
            .same_branch("CANCEL", &invite.to)
            .text(self.line(Way::Caller));
        self.send_until_answered(Way::Caller, format!("CANCEL {place}"), text);
    }

    pub(crate) fn hang_up(&mut self, place: usize) {
        let (key, call) = (format!("BYE {place}"), &self.calls[place]);
        let (false, Some(invite)) = (call.over, call.invite.clone()) else {
            return;
        };
        let waited_for_nothing =
            call.story.ends_by_itself() || (call.story.talks() && call.hears_agent.is_none());
        if waited_for_nothing && !self.stopping {
            let fault = format!(
                "{}: still stands after {:?}",
                call.told(),
                call.begun.elapsed()
            );
            self.tally.faults.push(fault);
        }
        let bye = invite.in_dialog("BYE", &call.target, &call.remote);
        let text = bye.text(self.line(Way::Caller));
        self.talk_ends(place);
        self.close_legs(place);
        self.send_until_answered(Way::Caller, key, text);
    }

    fn server_hangs_up(&mut self, place: usize, bye: &Received<'_>) {
        let own = self.line(Way::Caller).own;
        self.send(Way::Caller, &sip::respond(bye, "200 OK", own, "", ""));
        let call = &self.calls[place];
        if !call.over && !call.story.ends_by_itself() {
            let fault = format!("{}: the server hung up", call.told());
            self.tally.faults.push(fault);
        }
        self.talk_ends(place);
        self.close_legs(place);
        self.call_over(place);
    }

    fn close_legs(&mut self, place: usize) {
        if let Some(leg) = self.calls[place].leg.take() {
            self.close_leg(leg);
        }
    }

    fn call_over(&mut self, place: usize) {
        if std::mem::replace(&mut self.calls[place].over, true) {
            return;
        }
        self.close_legs(place);
        self.standing -= 1;
        let call = &self.calls[place];
        if call.story.talks() && call.talked().is_none_or(|talk| talk < 0.5) && !self.stopping {
            let fault = format!("{}: no talk came of it", call.told());
            self.tally.faults.push(fault);
        }
        let pause = self.dice.ms(0, 300);
        self.at(pause, What::NewCall);
    }

    /// Ends everything that stands; callers who are not answered yet are cancelled.
    pub(crate) fn stop_calls(&mut self) {
        self.stopping = true;
        for place in 0..self.calls.len() {
            self.calls[place].cut = !self.calls[place].over;
            match (self.calls[place].over, self.calls[place].answered) {
                (true, _) => {}
                (false, Some(_)) => self.hang_up(place),
                (false, None) => {
                    self.calls[place].story = Story::Cancels;
                    self.cancel(place);
                }
            }
        }
    }
}
