//! The callers: what each wants, and what became of it.

use super::engine::{Engine, Way, What};
use super::site::NUMBERS;
use crate::sip::{self, Received};
use crate::soak::text::Ask;
use std::time::{Duration, Instant};

/// Callers come again with the number of another day.
const OWN_NUMBERS: usize = 3_000;
/// However a talk goes, the caller ends it after this time.
const PATIENCE_IN_TALK: Duration = Duration::from_secs(5);
/// No flow here keeps a caller longer.
const LONGEST: Duration = Duration::from_secs(60);
/// What crosses on the way is nobody's fault.
pub(crate) const CROSSING: Duration = Duration::from_millis(300);

/// What a caller does, and the agent with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// Talks and hangs up.
    Talks,
    /// Talks, is held for a moment, and the agent hangs up.
    IsHeld,
    /// Talks with an agent who hangs up.
    IsLeft,
    /// Hangs up soon, whoever serves.
    LeavesQueue,
    /// Hangs up when a phone rings.
    LeavesRinging,
    /// Waits however long it takes where nobody comes.
    Overflows,
    /// The agent sends them to a queue, whatever agent.
    ToQueue,
    /// The agent gives them to a colleague unasked.
    ToAgent,
    /// The agent asks a colleague before, and completes, or not.
    Consulted,
}

impl Story {
    /// Shares of a hundred.
    const MIX: [(Self, u64); 9] = [
        (Self::Talks, 24),
        (Self::IsHeld, 6),
        (Self::IsLeft, 16),
        (Self::LeavesQueue, 12),
        (Self::LeavesRinging, 8),
        (Self::Overflows, 10),
        (Self::ToQueue, 8),
        (Self::ToAgent, 8),
        (Self::Consulted, 8),
    ];

    pub(crate) fn chosen(mut dice: u64) -> Self {
        for (story, share) in Self::MIX {
            if dice < share {
                return story;
            }
            dice -= share;
        }
        Self::Talks
    }
}

/// One call as the generator saw it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) story: Story,
    pub(crate) id: String,
    invite: Ask,
    pub(crate) answered: bool,
    target: String,
    remote: String,
    /// Learned from the first phone that rings for it.
    pub(crate) interaction: String,
    /// The phone that has the caller.
    pub(crate) phone: Option<usize>,
    /// A phone has answered; the ACK came.
    pub(crate) met: bool,
    pub(crate) joined: Option<Instant>,
    /// It was sent on once already.
    pub(crate) handed: bool,
    pub(crate) ended: Option<Instant>,
    /// Who said BYE first.
    pub(crate) hung_up: bool,
    pub(crate) over: bool,
    /// A crash ended it.
    pub(crate) cut: bool,
    /// The server was behind and said so (503).
    pub(crate) turned_away: bool,
}

impl Call {
    /// Outcomes that its record may have.
    pub(crate) fn may_end_as(&self, outcome: &str) -> bool {
        let talked = match (self.joined, self.ended) {
            (Some(joined), Some(ended)) => ended.saturating_duration_since(joined) > CROSSING,
            _ => false,
        };
        let right: &[&str] = match (self.met, talked, self.hung_up) {
            (_, true, _) => &["answered"],
            (false, _, true) => &["abandoned", "short_abandoned", "self_served"],
            (false, _, false) => &["unserved", "voicemail"],
            // Answer and end crossed.
            (true, false, _) => &[
                "answered",
                "abandoned",
                "short_abandoned",
                "failed",
                "unserved",
            ],
        };
        right.contains(&outcome)
    }

    /// The flow was over when the caller's BYE came, or somebody hung up before a slow machine had joined the two: rare, so
    /// it is counted.
    pub(crate) fn crossed(&self, outcome: &str) -> bool {
        let alone = self.hung_up && !self.met && outcome == "unserved";
        let unjoined = self.met && matches!(outcome, "unserved" | "abandoned" | "short_abandoned");
        alone || unjoined
    }

    pub(crate) fn told(&self) -> String {
        format!("{} ({:?})", self.id, self.story)
    }
}

impl Engine {
    pub(crate) fn new_call(&mut self, story: Story) {
        let place = self.calls.len();
        let (number, line) = (sip::number(place % OWN_NUMBERS), self.line(Way::Caller));
        // Sales and support have the most agents.
        let dialled = match story {
            Story::Overflows => {
                NUMBERS[[3, 4, 5, 5, 5, 6, 7, 8][self.dice.roll(8) as usize]].dialled
            }
            _ => NUMBERS[[0, 0, 0, 0, 1, 1, 1, 2, 4, 6][self.dice.roll(10) as usize]].dialled,
        };
        let invite = Ask {
            method: "INVITE",
            uri: format!("sip:{dialled}@{}", self.server),
            branch: format!("mix{place}"),
            from: format!("<sip:{number}@{}>;tag=f{place}", line.own),
            to: format!("<sip:{dialled}@{}>", self.server),
            call_id: format!("mix-{place}@{}", line.own),
            cseq: 1,
            contact: format!("<sip:{number}@{}>", line.own),
            extra: String::new(),
            body: sip::sdp(self.deaf_port),
        };
        let text = invite.text(line);
        self.numbers.insert(number, place);
        self.calls.push(Call {
            story,
            id: invite.call_id.clone(),
            invite,
            answered: false,
            target: String::new(),
            remote: String::new(),
            interaction: String::new(),
            phone: None,
            met: false,
            joined: None,
            handed: false,
            ended: None,
            hung_up: false,
            over: false,
            cut: false,
            turned_away: false,
        });
        self.standing += 1;
        self.send_until_answered(Way::Caller, format!("INVITE {place}"), text);
    }

    pub(crate) fn caller_hears(&mut self, message: &Received<'_>) {
        let place = message.header("Call-ID").and_then(|id| {
            let digits = id.strip_prefix("mix-")?.split('@').next()?;
            digits.parse::<usize>().ok()
        });
        let Some(place) = place.filter(|place| *place < self.calls.len()) else {
            return;
        };
        match (message.status(), message.cseq_method()) {
            (None, "BYE") => self.server_hangs_up(place, message),
            (None, "ACK") => {}
            (None, method) => {
                let body = match method {
                    "INVITE" => sip::sdp(self.deaf_port),
                    _ => String::new(),
                };
                let own = self.line(Way::Caller).own;
                self.send(
                    Way::Caller,
                    &sip::respond(message, "200 OK", own, "", &body),
                );
            }
            (Some(status), "INVITE") => self.invite_answered(place, status, message),
            (Some(200..), "BYE") => {
                self.answered(&format!("BYE {place}"));
                self.call_over(place);
            }
            _ => {}
        }
    }

    fn invite_answered(&mut self, place: usize, status: u16, message: &Received<'_>) {
        self.answered(&format!("INVITE {place}"));
        let line = self.line(Way::Caller);
        let to = message.header("To").unwrap_or_default();
        let invite = &self.calls[place].invite;
        match status {
            100..200 => {}
            200 => {
                let target = message.uri("Contact").unwrap_or_default().to_owned();
                let ack = invite.in_dialog("ACK", &target, to).text(line);
                self.send(Way::Caller, &ack);
                let call = &mut self.calls[place];
                if !call.answered && !call.over {
                    (call.answered, call.target, call.remote) = (true, target, to.to_owned());
                    let patience = self.patience(place);
                    self.at(patience, What::HangUp(place));
                }
            }
            _ => {
                let ack = invite.same_branch("ACK", to).text(line);
                self.send(Way::Caller, &ack);
                self.calls[place].turned_away = status == 503;
                self.tally.turned_away += u64::from(status == 503);
                if status != 503 {
                    let fault = format!("{}: refused with {status}", self.calls[place].told());
                    self.tally.faults.push(fault);
                }
                self.call_over(place);
            }
        }
    }

    fn patience(&mut self, place: usize) -> Duration {
        match self.calls[place].story {
            Story::LeavesQueue => self.dice.ms(20, 1_500),
            Story::Overflows => LONGEST,
            _ => self.dice.ms(200, 300) + self.dice.exponential(Duration::from_secs(8)),
        }
    }

    /// An agent has the caller, the first or another: what they talk about takes its time.
    pub(crate) fn talk_begins(&mut self, place: usize, (phone, id): (usize, &str), now: Instant) {
        let first = self.calls[place].joined.is_none();
        let call = &mut self.calls[place];
        call.phone = Some(phone);
        call.joined.get_or_insert(now);
        let length = self.dice.ms(150, 1_000);
        let soon = self.dice.ms(20, 400);
        if first {
            self.at(PATIENCE_IN_TALK, What::HangUp(place));
        }
        let handed = std::mem::replace(&mut self.calls[place].handed, true);
        match self.calls[place].story {
            Story::ToQueue if !handed => self.at(soon, What::Command(place, "to queue")),
            Story::ToAgent if !handed => self.at(soon, What::Command(place, "transfer")),
            Story::Consulted if !handed => self.at(soon, What::Command(place, "consult")),
            Story::IsHeld if !handed => {
                self.at(soon, What::Command(place, "hold"));
                self.at(soon + soon, What::Command(place, "resume"));
                self.at(length + soon, What::PhoneHangsUp(phone, id.to_owned()));
            }
            Story::IsLeft | Story::Overflows => {
                self.at(length, What::PhoneHangsUp(phone, id.to_owned()));
            }
            _ => self.at(length, What::HangUp(place)),
        }
    }

    pub(crate) fn hang_up(&mut self, place: usize) {
        let call = &mut self.calls[place];
        // Who is in a talk has no use for the patience of the wait.
        if call.over || call.hung_up || !call.answered {
            return;
        }
        call.hung_up = true;
        call.ended.get_or_insert_with(Instant::now);
        let bye = call.invite.in_dialog("BYE", &call.target, &call.remote);
        let text = bye.text(self.line(Way::Caller));
        self.send_until_answered(Way::Caller, format!("BYE {place}"), text);
    }

    fn server_hangs_up(&mut self, place: usize, bye: &Received<'_>) {
        let own = self.line(Way::Caller).own;
        self.send(Way::Caller, &sip::respond(bye, "200 OK", own, "", ""));
        let call = &mut self.calls[place];
        call.ended.get_or_insert_with(Instant::now);
        self.call_over(place);
    }

    fn call_over(&mut self, place: usize) {
        if !std::mem::replace(&mut self.calls[place].over, true) {
            self.standing -= 1;
        }
    }
}
