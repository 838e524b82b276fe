//! What a phone does with what comes in: responses to its requests, requests of the far end. **Owns**: the reactions
//! of RFC 3261 that a test should not have to think of.

use super::digest;
use super::engine::{CallState, End, Inner, Phase};
use super::media::Media;
use super::message::{Message, address_of, digest_parts, uri_of};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Inner {
    /// One message.
    pub(super) fn receive(&mut self, message: &Message, from: SocketAddr) {
        match message.status() {
            Some(status) => self.receive_response(message, status, from),
            None => self.receive_request(message, from),
        }
    }

    fn receive_response(&mut self, response: &Message, status: u16, from: SocketAddr) {
        let (branch, method) = (response.branch(), response.method().to_owned());
        let is_this =
            |pending: &super::engine::Pending| pending.branch == branch && pending.method == method;
        let Some(place) = self.pending.iter().position(is_this) else {
            // A repeated final answer: our ACK was lost or late.
            let call = self.calls.get(&response.call_id());
            if method == "INVITE"
                && status >= 200
                && let Some(ack) = call.and_then(|call| call.ack.clone())
            {
                self.repeats_seen += 1;
                self.transmit(&ack, from);
            }
            return;
        };
        if status < 200 {
            if method == "INVITE" {
                // RFC 3261 17.1.1.2: no repeats in Proceeding, and no timer B; a call may ring for long.
                self.pending[place].next += Duration::from_secs(3600);
                self.pending[place].give_up += Duration::from_secs(3600);
                self.provisional(response, status);
            }
            return;
        }
        let pending = self.pending.remove(place);
        match method.as_str() {
            "INVITE" => self.invite_answered(response, status, from),
            "REGISTER" => {
                let request = self.register.clone().unwrap_or_default();
                let tried = request.header("authorization").is_some();
                let again = matches!(status, 401 | 407) && !tried;
                if !(again && self.send_with_credentials(&request, response, pending.to)) {
                    self.register_status = Some(status);
                    // The next REGISTER begins without the used-up credentials.
                    if let Some(register) = &mut self.register {
                        register
                            .headers
                            .retain(|(name, _)| !name.ends_with("uthorization"));
                    }
                }
            }
            "OPTIONS" => self.options_status = Some(status),
            _ => {}
        }
    }

    fn provisional(&mut self, response: &Message, status: u16) {
        let call_id = response.call_id();
        let Some(call) = self.calls.get_mut(&call_id) else {
            return;
        };
        call.provisional.push(status);
        if status > 100 {
            call.phase = Phase::Ringing;
        }
        if let Some(remote) = call.media.read(&response.body) {
            call.media.set_remote(Some(remote));
        }
        if call.cancelled && call.provisional.len() == 1 {
            self.cancel(&call_id);
        }
    }

    fn invite_answered(&mut self, response: &Message, status: u16, from: SocketAddr) {
        let call_id = response.call_id();
        let Some(call) = self.calls.get_mut(&call_id) else {
            return;
        };
        if let Some(to) = response.header("to") {
            to.clone_into(&mut call.remote);
        }
        if status >= 300 {
            self.acknowledge_refusal(response, &call_id, from);
            let Some(call) = self.calls.get_mut(&call_id) else {
                return;
            };
            let again =
                matches!(status, 401 | 407) && !std::mem::replace(&mut call.authorised, true);
            let (invite, peer) = (call.invite.clone(), call.peer);
            if again {
                call.remote = call
                    .remote
                    .split(";tag=")
                    .next()
                    .unwrap_or_default()
                    .to_owned();
            }
            if !(again && self.send_with_credentials(&invite, response, peer))
                && let Some(call) = self.calls.get_mut(&call_id)
            {
                call.end(End::Rejected(status));
            }
            return;
        }
        if let Some(contact) = response.header("contact") {
            call.target = uri_of(contact);
            call.peer = address_of(&call.target).unwrap_or(call.peer);
        }
        call.phase = Phase::Answered;
        call.answered_at.get_or_insert_with(Instant::now);
        call.answers.push(response.body.clone());
        let remote = call.media.read(&response.body);
        call.media.set_remote(remote);
        let cancelled = call.cancelled;
        if let Some((ack, peer)) = self.in_dialog("ACK", &call_id) {
            let bytes = ack.to_bytes();
            self.transmit(&bytes, peer);
            if let Some(call) = self.calls.get_mut(&call_id) {
                call.ack = Some(bytes);
            }
        }
        // The 200 crossed our CANCEL, or cannot be used: RFC 3261 15 wants a BYE.
        if cancelled || remote.is_none() {
            self.bye(&call_id);
            if let Some(call) = self.calls.get_mut(&call_id).filter(|_| remote.is_none()) {
                call.end(End::BadMedia);
            }
        }
    }

    /// RFC 3261 17.1.1.3: the ACK of a refusal has the INVITE's branch.
    fn acknowledge_refusal(&mut self, response: &Message, call_id: &str, from: SocketAddr) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let uri = call.invite.start.split(' ').nth(1).unwrap_or_default();
        let ack = Message::new(format!("ACK {uri} SIP/2.0"))
            .with("Via", call.invite.header("via").unwrap_or_default())
            .with("Max-Forwards", "70")
            .with("From", call.local.clone())
            .with("To", response.header("to").unwrap_or_default())
            .with("Call-ID", call_id)
            .with("CSeq", format!("{} ACK", response.cseq()));
        let bytes = ack.to_bytes();
        call.ack = Some(bytes.clone());
        self.transmit(&bytes, from);
    }

    fn receive_request(&mut self, request: &Message, from: SocketAddr) {
        let method = request.method().to_owned();
        let key = request.branch() + &method;
        if method != "ACK"
            && let Some(bytes) = self.answers.get(&key).cloned()
        {
            self.repeats_seen += 1;
            self.transmit(&bytes, from);
            return;
        }
        let call_id = request.call_id();
        let known = self.calls.contains_key(&call_id);
        match method.as_str() {
            "INVITE" if known => self.offered_again(request, &call_id, from),
            "INVITE" => self.called(request, from),
            "ACK" => self.confirmed(&call_id),
            "CANCEL" if known => {
                self.answer(request, 200, "OK", from);
                let call = self.calls.get(&call_id);
                if call.is_some_and(|call| matches!(call.phase, Phase::Calling | Phase::Ringing)) {
                    self.refuse_or_ring(&call_id, 487, "Request Terminated");
                    if let Some(call) = self.calls.get_mut(&call_id) {
                        call.end(End::TheyCancelled);
                    }
                }
            }
            "BYE" if known => {
                self.answer(request, 200, "OK", from);
                self.pending
                    .retain(|pending| pending.call_id != call_id || pending.method != "200");
                if let Some(call) = self.calls.get_mut(&call_id)
                    && !matches!(call.phase, Phase::Ended(_))
                {
                    call.end(End::TheyHungUp);
                }
            }
            "REGISTER" => self.registered(request, from),
            "CANCEL" | "BYE" => self.answer(request, 481, "Call/Transaction Does Not Exist", from),
            _ => self.answer(request, 200, "OK", from),
        }
    }

    /// Plays the registrar: a challenge, then 200 for the right answer and 403 for a wrong one.
    fn registered(&mut self, request: &Message, from: SocketAddr) {
        let Some(value) = request.header("authorization") else {
            let challenge = "Digest realm=\"test\", nonce=\"8c1f\", qop=\"auth\", algorithm=MD5";
            let response = request.response(401, "Unauthorized", "testphone");
            let bytes = response.with("WWW-Authenticate", challenge).to_bytes();
            self.answers
                .insert(request.branch() + "REGISTER", bytes.clone());
            self.transmit(&bytes, from);
            return;
        };
        let parts = digest_parts(value);
        let known = self
            .registrar
            .iter_mut()
            .find(|(account, _)| digest::is_right(account, &parts, "REGISTER"));
        match known {
            Some((_, place)) => {
                *place = Some(from);
                let contact = request.header("contact").unwrap_or_default().to_owned();
                let response = request.response(200, "OK", "testphone");
                let response = response.with("Contact", format!("{contact};expires=600"));
                self.transmit(&response.to_bytes(), from);
            }
            None => self.answer(request, 403, "Forbidden", from),
        }
    }

    fn answer(&mut self, request: &Message, status: u16, reason: &str, to: SocketAddr) {
        let tag = self
            .calls
            .get(&request.call_id())
            .map_or_else(|| "testphone".to_owned(), |call| call.tag.clone());
        let bytes = request.response(status, reason, &tag).to_bytes();
        self.answers
            .insert(request.branch() + request.method(), bytes.clone());
        self.transmit(&bytes, to);
    }

    /// A re-INVITE: the same description again, and packets to where the new offer says.
    fn offered_again(&mut self, request: &Message, call_id: &str, from: SocketAddr) {
        let contact = self.contact("phone");
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        if let Some(remote) = call.media.read(&request.body) {
            call.media.set_remote(Some(remote));
        }
        let response = request
            .response(200, "OK", &call.tag)
            .with("Contact", contact)
            .with_sdp(&call.media.describe());
        let bytes = response.to_bytes();
        self.answers
            .insert(request.branch() + "INVITE", bytes.clone());
        self.transmit(&bytes, from);
    }

    fn called(&mut self, request: &Message, from: SocketAddr) {
        let Ok(media) = Media::start(self.local.ip(), self.voice) else {
            self.answer(request, 500, "No media port", from);
            return;
        };
        let tag = self.unique();
        let call_id = request.call_id();
        let value = |name: &str| request.header(name).unwrap_or_default().to_owned();
        let target = uri_of(&value("contact"));
        let call = CallState {
            ours: false,
            phase: Phase::Calling,
            invite: request.clone(),
            local: format!("{};tag={tag}", value("to")),
            remote: value("from"),
            peer: address_of(&target).unwrap_or(from),
            target,
            cseq: 0,
            tag,
            authorised: false,
            cancelled: false,
            ack: None,
            confirmed: false,
            provisional: Vec::new(),
            answered_at: None,
            answers: Vec::new(),
            media: Arc::new(media),
        };
        self.calls.insert(call_id.clone(), call);
        if self.ring_by_itself {
            self.refuse_or_ring(&call_id, 180, "Ringing");
        }
        self.arrived.push_back(call_id);
    }

    /// An ACK ends the repeats of our final answer.
    fn confirmed(&mut self, call_id: &str) {
        let is_answer = |method: &str| method.starts_with(|c: char| c.is_ascii_digit());
        self.pending
            .retain(|pending| pending.call_id != call_id || !is_answer(&pending.method));
        if let Some(call) = self.calls.get_mut(call_id) {
            call.confirmed = true;
        }
    }
}
