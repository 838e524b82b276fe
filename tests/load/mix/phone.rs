//! The agents' phones: they answer, decline, let it ring, and hang up.

use super::call::{CROSSING, Story};
use super::engine::{Engine, Way, What};
use crate::sip::{self, Received};
use crate::soak::text::Ask;
use std::net::SocketAddr;
use std::time::Instant;

const DOMAIN: &str = "cordboard.localhost";

/// One phone.
#[derive(Debug, Default)]
pub(crate) struct Phone {
    /// Counts everything the phone begins, so that no branch and no Call-ID comes twice.
    serial: u64,
    pub(crate) registered: bool,
    register: Option<Ask>,
    pub(crate) talk: Option<Talk>,
}

/// A caller who is offered to, or talks with, this phone.
#[derive(Debug)]
pub(crate) struct Talk {
    id: String,
    invite: String,
    call: usize,
    /// Why it rings when no queue asks: `transfer` or `consult`.
    purpose: Option<String>,
    answered: bool,
    joined: Option<Instant>,
}

impl Engine {
    fn phone_of(&self, message: &Received<'_>) -> Option<usize> {
        let named = match message.status() {
            Some(_) => message.user("From"),
            None => message.user("To"),
        };
        let place = named?.parse::<usize>().ok()?.checked_sub(10_000)?;
        (place < self.phones.len()).then_some(place)
    }

    pub(crate) fn register(&mut self, phone: usize) {
        let user = sip::extension(phone);
        let mut ask = self.phone_asks(phone, "REGISTER", &format!("sip:{DOMAIN}"));
        ask.to = format!("<sip:{user}@{DOMAIN}>");
        ask.extra = "Expires: 7200\r\n".to_owned();
        self.phones[phone].registered = false;
        self.phones[phone].register = Some(ask.clone());
        self.send_ask(&ask);
    }

    fn phone_asks(&mut self, phone: usize, method: &'static str, to: &str) -> Ask {
        self.phones[phone].serial += 1;
        let serial = self.phones[phone].serial;
        let (user, own) = (sip::extension(phone), self.line(Way::Phone).own);
        Ask {
            method,
            uri: to.to_owned(),
            branch: format!("p{phone}x{serial}"),
            from: format!("<sip:{user}@{DOMAIN}>;tag=p{phone}x{serial}"),
            to: format!("<{to}>"),
            call_id: format!("phone-{phone}-{serial}@{own}"),
            cseq: 1,
            contact: contact(phone, own),
            extra: String::new(),
            body: String::new(),
        }
    }

    fn send_ask(&mut self, ask: &Ask) {
        let text = ask.text(self.line(Way::Phone));
        let key = format!("{} {} {}", ask.method, ask.cseq, ask.call_id);
        self.send_until_answered(Way::Phone, key, text);
    }

    pub(crate) fn phone_hears(&mut self, message: &Received<'_>) {
        let Some(phone) = self.phone_of(message) else {
            return;
        };
        let (method, id) = (
            message.cseq_method(),
            message.header("Call-ID").unwrap_or_default(),
        );
        match message.status() {
            None => self.phone_asked(phone, message, id.to_owned()),
            Some(200..) => {
                let key = format!("{method} {} {id}", message.cseq());
                if self.answered(&key) && method == "REGISTER" {
                    self.register_answered(phone, message);
                }
            }
            Some(_) => {}
        }
    }

    fn register_answered(&mut self, phone: usize, message: &Received<'_>) {
        let Some(mut ask) = self.phones[phone].register.clone() else {
            return;
        };
        match message.status() {
            Some(401) if ask.cseq == 1 => {
                let challenge = message.header("WWW-Authenticate").unwrap_or_default();
                let (user, password) = (sip::extension(phone), format!("load-{phone}"));
                let answer = sip::answer(challenge, (&user, &password), (ask.method, &ask.uri));
                ask.extra.push_str(&format!("Authorization: {answer}\r\n"));
                ask.cseq += 1;
                ask.branch.push('c');
                self.phones[phone].register = Some(ask.clone());
                self.send_ask(&ask);
            }
            Some(200) => self.phones[phone].registered = true,
            other => {
                let fault = format!("phone {phone}: REGISTER was answered with {other:?}");
                self.tally.faults.push(fault);
            }
        }
    }

    fn reply(
        &self,
        phone: usize,
        to: &Received<'_>,
        status: &str,
        tag: &str,
        body: &str,
    ) -> String {
        let own = self.line(Way::Phone).own;
        let text = sip::respond(to, status, own, tag, body);
        text.replace(&format!("<sip:{own}>"), &contact(phone, own))
    }

    fn phone_asked(&mut self, phone: usize, message: &Received<'_>, id: String) {
        match message.method() {
            "INVITE" => self.rings(phone, message, id),
            "ACK" => {
                self.answered(&format!("ACK {id}"));
                self.acknowledged(phone, &id);
            }
            "CANCEL" => {
                self.say_ok(phone, message);
                let talk = self.phones[phone]
                    .talk
                    .take_if(|talk| talk.id == id && !talk.answered);
                if let Some(talk) = talk {
                    self.refuse(phone, &talk, "487 Request Terminated");
                }
            }
            "BYE" => {
                self.say_ok(phone, message);
                self.answered(&format!("ACK {id}"));
                let talk = self.phones[phone].talk.take_if(|talk| talk.id == id);
                if let Some(talk) = talk {
                    self.was_cut_off(phone, &talk);
                }
            }
            _ => self.say_ok(phone, message),
        }
    }

    /// An answer that crossed the end of its offer was none: the caller never had this agent.
    fn was_cut_off(&mut self, phone: usize, talk: &Talk) {
        let call = &mut self.calls[talk.call];
        let at_once = talk
            .joined
            .is_some_and(|joined| joined.elapsed() < CROSSING && Some(joined) == call.joined);
        if at_once && call.phone == Some(phone) && !call.over && !call.hung_up {
            (call.joined, call.phone) = (None, None);
        }
    }

    fn say_ok(&mut self, phone: usize, message: &Received<'_>) {
        let text = self.reply(phone, message, "200 OK", "", "");
        self.send(Way::Phone, &text);
    }

    fn refuse(&mut self, phone: usize, talk: &Talk, status: &str) {
        if let Some(invite) = Received::new(talk.invite.as_bytes()) {
            let text = self.reply(phone, &invite, status, "a", "");
            self.send_until_answered(Way::Phone, format!("ACK {}", talk.id), text);
        }
    }

    /// Whose call a phone rings for: the interaction tells, and for the first phone of a call its number does.
    fn call_of(&mut self, invite: &Received<'_>) -> Option<usize> {
        let interaction = invite.header("X-Cordboard-Interaction")?.to_owned();
        if let Some(call) = self.interactions.get(&interaction) {
            return Some(*call);
        }
        let call = *self.numbers.get(invite.user("From")?)?;
        if !self.calls[call].interaction.is_empty() {
            return None;
        }
        self.interactions.insert(interaction.clone(), call);
        self.calls[call].interaction = interaction;
        Some(call)
    }

    fn rings(&mut self, phone: usize, invite: &Received<'_>, id: String) {
        if let Some(talk) = &self.phones[phone].talk
            && talk.id == id
        {
            // Another of the same session; the first one again is answered by itself.
            if talk.answered && invite.header("To").is_some_and(|to| to.contains("tag=")) {
                let body = sip::sdp(self.deaf_port);
                let text = self.reply(phone, invite, "200 OK", "a", &body);
                self.send(Way::Phone, &text);
            }
            return;
        }
        let call = self.call_of(invite);
        let (None, Some(call)) = (&self.phones[phone].talk, call) else {
            let busy = self.reply(phone, invite, "486 Busy Here", "b", "");
            return self.send_until_answered(Way::Phone, format!("ACK {id}"), busy);
        };
        let text = self.reply(phone, invite, "180 Ringing", "a", "");
        self.send(Way::Phone, &text);
        let purpose = invite.header("X-Cordboard-Purpose").map(str::to_owned);
        let mut answers = self.dice.ms(20, 250);
        if self.calls[call].story == Story::LeavesRinging && purpose.is_none() {
            let soon = self.dice.ms(1, 200);
            self.at(soon, What::HangUp(call));
            answers += soon;
        }
        match self.dice.roll(100) {
            // Nobody is there: the server gives up.
            0..5 => {}
            5..11 => {
                let statuses = ["486 Busy Here", "603 Decline", "480 Gone", "404 Not Found"];
                let status = statuses[self.dice.roll(20).saturating_sub(16) as usize];
                self.at(answers, What::Declines(phone, id.clone(), status));
            }
            _ => self.at(answers, What::Answers(phone, id.clone())),
        }
        self.phones[phone].talk = Some(Talk {
            id,
            invite: invite.text().to_owned(),
            call,
            purpose,
            answered: false,
            joined: None,
        });
    }

    pub(crate) fn declines(&mut self, phone: usize, id: &str, status: &str) {
        let talk = self.phones[phone].talk.take_if(|talk| talk.id == id);
        if let Some(talk) = talk {
            self.refuse(phone, &talk, status);
        }
    }

    pub(crate) fn answers(&mut self, phone: usize, id: &str) {
        let Some(talk) = &mut self.phones[phone].talk else {
            return;
        };
        if talk.id != id {
            return;
        }
        talk.answered = true;
        let (text, call) = (talk.invite.clone(), talk.call);
        self.calls[call].met |= talk.purpose.as_deref() != Some("consult");
        if let Some(invite) = Received::new(text.as_bytes()) {
            let body = sip::sdp(self.deaf_port);
            let text = self.reply(phone, &invite, "200 OK", "a", &body);
            self.send_until_answered(Way::Phone, format!("ACK {id}"), text);
        }
    }

    fn acknowledged(&mut self, phone: usize, id: &str) {
        let talk = &mut self.phones[phone].talk;
        let Some(talk) = talk.as_mut().filter(|talk| talk.id == id && talk.answered) else {
            return;
        };
        let now = Instant::now();
        if talk.joined.replace(now).is_some() {
            return;
        }
        let call = talk.call;
        if talk.purpose.as_deref() != Some("consult") {
            return self.talk_begins(call, (phone, id), now);
        }
        let soon = self.dice.ms(20, 300);
        let then = match self.dice.roll(10) {
            0..7 => "complete",
            7..9 => "cancel",
            _ => "merge",
        };
        self.at(soon, What::Command(call, then));
        let later = self.dice.ms(400, 1_500);
        self.at(later, What::PhoneHangsUp(phone, id.to_owned()));
    }

    pub(crate) fn phone_hangs_up(&mut self, phone: usize, id: &str) {
        let talk = self.phones[phone]
            .talk
            .take_if(|talk| talk.id == id && talk.joined.is_some());
        let Some(talk) = talk else { return };
        let Some(invite) = Received::new(talk.invite.as_bytes()) else {
            return;
        };
        let from = invite.header("To").unwrap_or_default();
        let target = invite.uri("Contact").unwrap_or_default();
        let mut bye = self.phone_asks(phone, "BYE", target);
        bye.from = format!("{from};tag=a");
        bye.to = invite.header("From").unwrap_or_default().to_owned();
        bye.call_id = id.to_owned();
        let call = &mut self.calls[talk.call];
        if call.phone == Some(phone) {
            call.phone = None;
        }
        self.send_ask(&bye);
    }
}

fn contact(phone: usize, own: SocketAddr) -> String {
    format!("<sip:{}@{own}>", sip::extension(phone))
}
