//! The requests a phone begins: REGISTER, INVITE, CANCEL, BYE, OPTIONS. **Owns**: how they are put together.

use super::digest;
use super::engine::{CallState, End, Failure, Inner, Pending, Phase, T1};
use super::media::Media;
use super::message::{Message, uri_of};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Inner {
    /// A request with a new branch and what every request has.
    fn request(&mut self, method: &str, uri: &str) -> (Message, String) {
        let branch = format!("z9hG4bK{}", self.unique());
        let request = Message::new(format!("{method} {uri} SIP/2.0"))
            .with("Via", self.via(&branch))
            .with("Max-Forwards", "70")
            .with("User-Agent", "cordboard-test-phone");
        (request, branch)
    }

    /// Sends a request and keeps it until it is answered.
    fn send_request(&mut self, request: &Message, to: SocketAddr) {
        let bytes = request.to_bytes();
        let now = Instant::now();
        self.transmit(&bytes, to);
        self.pending.push(Pending {
            branch: request.branch(),
            method: request.method().to_owned(),
            bytes,
            to,
            call_id: request.call_id(),
            next: now + T1,
            interval: T1,
            give_up: now + T1 * 64,
        });
    }

    /// REGISTER, in the Call-ID of the one before.
    pub(super) fn send_register(&mut self, server: SocketAddr, extension: &str, expires: u32) {
        let before = self.register.take();
        let call_id = before
            .as_ref()
            .map_or_else(|| self.unique(), Message::call_id);
        let cseq = before.map_or(1, |message| message.cseq() + 1);
        let (request, _) = self.request("REGISTER", &format!("sip:{server}"));
        let tag = self.unique();
        let contact = format!("{};expires={expires}", self.contact(extension));
        let request = request
            .with("From", format!("<sip:{extension}@{server}>;tag={tag}"))
            .with("To", format!("<sip:{extension}@{server}>"))
            .with("Call-ID", call_id)
            .with("CSeq", format!("{cseq} REGISTER"))
            .with("Contact", contact)
            .with("Expires", expires.to_string());
        self.register_status = None;
        self.register = Some(request.clone());
        self.send_request(&request, server);
    }

    /// OPTIONS outside a dialog.
    pub(super) fn send_options(&mut self, server: SocketAddr) {
        let (request, _) = self.request("OPTIONS", &format!("sip:{server}"));
        let (tag, call_id) = (self.unique(), self.unique());
        let request = request
            .with("From", format!("<sip:ping@{}>;tag={tag}", self.local))
            .with("To", format!("<sip:{server}>"))
            .with("Call-ID", call_id)
            .with("CSeq", "1 OPTIONS");
        self.options_status = None;
        self.send_request(&request, server);
    }

    /// INVITE with an offer; gives the Call-ID.
    pub(super) fn send_invite(
        &mut self,
        server: SocketAddr,
        number: &str,
        from: &str,
        headers: &[(&str, &str)],
    ) -> Result<String, Failure> {
        let media = Media::start(self.local.ip(), self.voice)
            .map_err(|error| Failure::new(format!("no media port: {error}")))?;
        let (call_id, tag) = (self.unique(), self.unique());
        let target = format!("sip:{number}@{server}");
        let local = format!("<sip:{from}@{}>;tag={tag}", self.local);
        let remote = format!("<{target}>");
        let (request, _) = self.request("INVITE", &target);
        let mut request = request
            .with("From", local.clone())
            .with("To", remote.clone())
            .with("Call-ID", call_id.clone())
            .with("CSeq", "1 INVITE")
            .with("Contact", self.contact(from))
            .with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS");
        for (name, value) in headers {
            request = request.with(name, *value);
        }
        let request = request.with_sdp(&media.describe());
        let call = CallState {
            ours: true,
            phase: Phase::Calling,
            invite: request.clone(),
            local,
            remote,
            target,
            peer: server,
            cseq: 1,
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
        self.send_request(&request, server);
        Ok(call_id)
    }

    /// Sends `request` again with credentials, a new branch and the next CSeq; false when it cannot be.
    pub(super) fn send_with_credentials(
        &mut self,
        request: &Message,
        response: &Message,
        to: SocketAddr,
    ) -> bool {
        let (asks, answers) = match response.status() {
            Some(407) => ("proxy-authenticate", "Proxy-Authorization"),
            _ => ("www-authenticate", "Authorization"),
        };
        let method = request.method().to_owned();
        let uri = request
            .start
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let value = self
            .account
            .as_ref()
            .zip(response.header(asks))
            .and_then(|(account, challenge)| digest::answer(account, challenge, &method, &uri));
        let Some(value) = value else {
            return false;
        };
        let branch = format!("z9hG4bK{}", self.unique());
        let cseq = request.cseq() + 1;
        let mut again = request.clone();
        let via = self.via(&branch);
        for (name, header) in &mut again.headers {
            match name.as_str() {
                "Via" => *header = via.clone(),
                "CSeq" => *header = format!("{cseq} {method}"),
                _ => {}
            }
        }
        again.headers.insert(1, (answers.to_owned(), value));
        if method == "REGISTER" {
            self.register = Some(again.clone());
        } else if let Some(call) = self.calls.get_mut(&request.call_id()) {
            call.invite = again.clone();
            call.cseq = cseq;
        }
        self.send_request(&again, to);
        true
    }

    /// CANCEL of an INVITE that was answered provisionally; before that it is only noted, RFC 3261 9.1.
    pub(super) fn cancel(&mut self, call_id: &str) {
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        call.cancelled = true;
        if call.provisional.is_empty() || !matches!(call.phase, Phase::Calling | Phase::Ringing) {
            return;
        }
        let uri = call.invite.start.split(' ').nth(1).unwrap_or_default();
        let mut request = Message::new(format!("CANCEL {uri} SIP/2.0"));
        for name in ["via", "from", "to", "call-id"] {
            request = request.with(name, call.invite.header(name).unwrap_or_default());
        }
        let request = request
            .with("CSeq", format!("{} CANCEL", call.invite.cseq()))
            .with("Max-Forwards", "70");
        let peer = call.peer;
        self.send_request(&request, peer);
    }

    /// BYE; the call counts as ended at once.
    pub(super) fn bye(&mut self, call_id: &str) {
        if let Some((request, peer)) = self.in_dialog("BYE", call_id) {
            self.send_request(&request, peer);
            if let Some(call) = self.calls.get_mut(call_id) {
                call.end(End::WeHungUp);
            }
        }
    }

    /// A request inside the dialog, and where it goes.
    pub(super) fn in_dialog(
        &mut self,
        method: &str,
        call_id: &str,
    ) -> Option<(Message, SocketAddr)> {
        let call = self.calls.get_mut(call_id)?;
        if method != "ACK" {
            call.cseq += 1;
        }
        let number = if method == "ACK" {
            call.invite.cseq()
        } else {
            call.cseq
        };
        let (local, remote, peer) = (call.local.clone(), call.remote.clone(), call.peer);
        let target = uri_of(&format!("<{}>", call.target));
        let (request, _) = self.request(method, &target);
        let request = request
            .with("From", local)
            .with("To", remote)
            .with("Call-ID", call_id)
            .with("CSeq", format!("{number} {method}"));
        Some((request, peer))
    }

    /// An INVITE inside the dialog: the same media in this direction. Its answer is waited for by the ACK.
    pub(super) fn offer_again(&mut self, call_id: &str, direction: &str) {
        let Some((request, peer)) = self.in_dialog("INVITE", call_id) else {
            return;
        };
        let contact = self.contact("phone");
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let sdp = call.media.describe().replace("sendrecv", direction);
        let request = request.with("Contact", contact).with_sdp(&sdp);
        call.invite = request.clone();
        call.ack = None;
        self.send_request(&request, peer);
    }

    /// Our 200 to an INVITE, repeated until the ACK comes.
    pub(super) fn accept(&mut self, call_id: &str) {
        let contact = self.contact("phone");
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let response = call
            .invite
            .response(200, "OK", &call.tag)
            .with("Contact", contact)
            .with_sdp(&call.media.describe());
        call.phase = Phase::Answered;
        call.answered_at = Some(Instant::now());
        let (key, peer) = (call.invite.branch() + "INVITE", call.peer);
        let bytes = response.to_bytes();
        self.transmit(&bytes, peer);
        self.answers.insert(key.clone(), bytes.clone());
        let now = Instant::now();
        self.pending.push(Pending {
            branch: key,
            method: "200".to_owned(),
            bytes,
            to: peer,
            call_id: call_id.to_owned(),
            next: now + T1,
            interval: T1,
            give_up: now + T1 * 64,
        });
    }

    /// An answer to the INVITE that is no 200.
    pub(super) fn refuse_or_ring(&mut self, call_id: &str, status: u16, reason: &str) {
        self.answer_with(call_id, (status, reason), None);
    }

    /// The same, perhaps with our description: media before the answer.
    pub(super) fn answer_with(
        &mut self,
        call_id: &str,
        (status, reason): (u16, &str),
        sdp: Option<&str>,
    ) {
        let contact = self.contact("phone");
        let Some(call) = self.calls.get_mut(call_id) else {
            return;
        };
        let mut response = call.invite.response(status, reason, &call.tag);
        if status < 200 {
            response = response.with("Contact", contact);
            if let Some(sdp) = sdp {
                response = response.with_sdp(sdp);
            }
            call.phase = Phase::Ringing;
        } else {
            call.end(End::WeDeclined(status));
        }
        let (key, peer) = (call.invite.branch() + "INVITE", call.peer);
        let bytes = response.to_bytes();
        self.transmit(&bytes, peer);
        self.answers.insert(key.clone(), bytes.clone());
        if status >= 300 {
            let now = Instant::now();
            self.pending.push(Pending {
                branch: key,
                method: status.to_string(),
                bytes,
                to: peer,
                call_id: call_id.to_owned(),
                next: now + T1,
                interval: T1,
                give_up: now + Duration::from_secs(8),
            });
        }
    }
}
