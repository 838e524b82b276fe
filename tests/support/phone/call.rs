//! The handles a test holds: a call, and a call that rings here. **Owns**: waiting and judging with a limit.

use super::super::patience::patient;
use super::Outcome;
use super::audio::{self, RATE};
use super::engine::{CallState, End, Engine, Failure, Inner, Phase};
use super::heard::{Heard, IS_TONE, SILENCE};
use super::media::{Media, Sending};
use super::message::{uri_of, user_of};
use super::shield::Shield;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whether samples are this tone.
pub(crate) fn is_tone(hz: f64) -> impl Fn(&[i16]) -> bool {
    move |samples| audio::level(samples) > SILENCE && audio::dominance(samples, hz, RATE) >= IS_TONE
}

/// A call of a test phone, either way round.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    engine: Arc<Engine>,
    call_id: String,
    media: Arc<Media>,
}

impl Call {
    pub(super) fn new(engine: Arc<Engine>, call_id: String) -> Self {
        let media = Arc::clone(&engine.lock().calls[&call_id].media);
        Self {
            engine,
            call_id,
            media,
        }
    }

    /// Its Call-ID.
    pub(crate) fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Waits for the answer; a refusal is a failure.
    pub(crate) fn wait_answered(&self, limit: Duration) -> Outcome<()> {
        self.answered_within(patient(limit))
    }

    /// The same within no more than this time.
    pub(crate) fn answered_within(&self, limit: Duration) -> Outcome<()> {
        let phase = self.wait_phase(limit, "an answer", |phase| {
            matches!(phase, Phase::Answered | Phase::Ended(_))
        })?;
        match phase {
            Phase::Ended(end) => Err(self.failure(&format!("the call ended: {end:?}"))),
            _ => Ok(()),
        }
    }

    /// Waits for 180 or another provisional answer above 100.
    pub(crate) fn wait_ringing(&self, limit: Duration) -> Outcome<()> {
        self.wait_phase(patient(limit), "ringing", |phase| phase != Phase::Calling)
            .map(|_| ())
    }

    /// Waits until the call is over, and tells why it is.
    pub(crate) fn wait_ended(&self, limit: Duration) -> Outcome<End> {
        let phase = self.wait_phase(patient(limit), "the end", |phase| {
            matches!(phase, Phase::Ended(_))
        })?;
        match phase {
            Phase::Ended(end) => Ok(end),
            _ => Err(self.failure("the wait for the end came back early")),
        }
    }

    /// Why it is over, if it is.
    pub(crate) fn ended(&self) -> Option<End> {
        match self.state(|call| call.phase) {
            Phase::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// When the 200 came or went.
    pub(crate) fn answered_at(&self) -> Option<Instant> {
        self.state(|call| call.answered_at)
    }

    /// Provisional statuses that came.
    pub(crate) fn provisional(&self) -> Vec<u16> {
        self.state(|call| call.provisional.clone())
    }

    /// Ends the call in the way its state needs: CANCEL, refusal or BYE.
    pub(crate) fn hang_up(&self) {
        let (ours, phase) = self.state(|call| (call.ours, call.phase));
        let mut inner = self.engine.lock();
        match phase {
            Phase::Calling | Phase::Ringing if ours => inner.cancel(&self.call_id),
            Phase::Calling | Phase::Ringing => inner.refuse_or_ring(&self.call_id, 603, "Decline"),
            Phase::Answered => inner.bye(&self.call_id),
            Phase::Ended(_) => {}
        }
    }

    /// Offers the same media in another direction (`sendonly`, `inactive`, `sendrecv`) and waits for the answer: its
    /// description.
    pub(crate) fn offer(&self, direction: &str) -> Outcome<String> {
        let before = self.state(|call| call.answers.len());
        self.engine.lock().offer_again(&self.call_id, direction);
        let limit = Duration::from_secs(5);
        self.engine
            .wait(patient(limit), "an answer to a new offer", |inner| {
                let call = inner.calls.get(&self.call_id)?;
                call.answers.get(before).cloned()
            })
    }

    /// What makes it a browser's call.
    pub(crate) fn shield(&self) -> &Shield {
        self.media.shield().expect("the phone is a browser")
    }

    /// Changes what is sent.
    pub(crate) fn send(&self, sending: Sending) {
        self.media.send(sending);
    }

    /// Presses keys (RFC 4733), one after the other, about 0.3 s each.
    pub(crate) fn press(&self, keys: &str) {
        self.media.press(keys);
    }

    /// Everything heard so far.
    pub(crate) fn heard(&self) -> Heard {
        self.media.heard()
    }

    /// Packets that a lossy network took from us, and how many of them it lost.
    pub(crate) fn carried(&self) -> (u64, u64) {
        self.media.carried()
    }

    /// Packets sent so far, and how many of them were numbered.
    pub(crate) fn sent(&self) -> (u64, u32) {
        self.media.sent()
    }

    /// Waits until `hz` has been the sound for the last 200 ms; tells when that began, at the latest.
    pub(crate) fn wait_tone(&self, hz: f64, limit: Duration) -> Outcome<Instant> {
        self.wait_sound(limit, &format!("a tone of {hz} Hz"), is_tone(hz))
    }

    /// Waits until each of these tones was heard, one after the other, from the beginning of the call on: for tones that
    /// are over before a test that was kept waiting begins to listen.
    pub(crate) fn wait_tones(&self, tones: &[f64], limit: Duration) -> Outcome<()> {
        let mut place = 0;
        for hz in tones {
            let found = self
                .media
                .wait_sound_from(&mut place, limit, false, is_tone(*hz));
            found.map_err(|last| self.unheard(&format!("{hz} Hz of {tones:?}"), limit, &last))?;
        }
        Ok(())
    }

    /// Waits until something else than silence and the tone `hz` has been the sound for 200 ms: speech or music.
    pub(crate) fn wait_speech(&self, not_hz: f64, limit: Duration) -> Outcome<Instant> {
        self.wait_sound(limit, "speech or music", |samples| {
            audio::level(samples) > SILENCE && audio::dominance(samples, not_hz, RATE) < 0.3
        })
    }

    /// Waits until 200 ms of silence came, or of nothing at all.
    pub(crate) fn wait_silence(&self, limit: Duration) -> Outcome<Instant> {
        self.wait_sound(limit, "silence", |samples| audio::level(samples) <= SILENCE)
    }

    fn wait_sound(
        &self,
        limit: Duration,
        what: &str,
        is_it: impl Fn(&[i16]) -> bool,
    ) -> Outcome<Instant> {
        let found = self.media.wait_sound(limit, what == "silence", is_it);
        found.map_err(|last| self.unheard(what, limit, &last))
    }

    fn unheard(&self, what: &str, limit: Duration, last: &[i16]) -> Failure {
        let waited = patient(limit).as_secs_f64();
        let level = audio::level(last);
        let total = self.heard().packets.len();
        self.failure(&format!(
            "waited {waited} s for {what}; the last 200 ms have {} samples at {level:.0} dBFS, {total} packets in all",
            last.len()
        ))
    }

    fn wait_phase(
        &self,
        limit: Duration,
        what: &str,
        is_it: impl Fn(Phase) -> bool,
    ) -> Outcome<Phase> {
        let look = |inner: &mut Inner| {
            let phase = inner.calls.get(&self.call_id).map(|call| call.phase);
            phase.filter(|phase| is_it(*phase))
        };
        self.engine.wait(limit, what, look)
    }

    fn failure(&self, what: &str) -> Failure {
        self.engine
            .failure(&format!("call {}: {what}", self.call_id))
    }

    fn state<T>(&self, read: impl Fn(&CallState) -> T) -> T {
        read(&self.engine.lock().calls[&self.call_id])
    }
}

/// A call that rings here. Dropped without a word it goes on ringing.
#[derive(Debug)]
pub(crate) struct IncomingCall {
    call: Call,
}

impl IncomingCall {
    pub(super) fn new(engine: Arc<Engine>, call_id: String) -> Self {
        Self {
            call: Call::new(engine, call_id),
        }
    }

    /// Its Call-ID.
    pub(crate) fn call_id(&self) -> &str {
        self.call.call_id()
    }

    /// A header of its INVITE.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.call
            .state(|call| call.invite.header(name).map(str::to_owned))
    }

    /// All headers of its INVITE, as they came.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.call.state(|call| call.invite.headers.clone())
    }

    /// User part of From: who calls.
    pub(crate) fn caller(&self) -> String {
        user_of(&uri_of(&self.header("from").unwrap_or_default()))
    }

    /// Sends 180, for a phone that does not ring by itself.
    pub(crate) fn ring(&self) {
        let mut inner = self.call.engine.lock();
        inner.refuse_or_ring(&self.call.call_id, 180, "Ringing");
    }

    /// Says where its media is before it answers (183, or 180): packets may flow from here on, both ways.
    pub(crate) fn early_media(&self, status: u16) -> Outcome<&Call> {
        let body = self.call.state(|call| call.invite.body.clone());
        let Some(remote) = self.call.media.read(&body) else {
            return Err(self.call.failure("the INVITE has no usable offer"));
        };
        self.call.media.set_remote(Some(remote));
        let sdp = self.call.media.describe();
        let mut inner = self.call.engine.lock();
        inner.answer_with(&self.call.call_id, (status, "Session Progress"), Some(&sdp));
        drop(inner);
        Ok(&self.call)
    }

    /// Answers; fails when the caller is gone already.
    pub(crate) fn answer(self) -> Outcome<Call> {
        let (phase, body) = self
            .call
            .state(|call| (call.phase, call.invite.body.clone()));
        if let Phase::Ended(end) = phase {
            return Err(self.call.failure(&format!("too late to answer: {end:?}")));
        }
        let Some(remote) = self.call.state(|call| call.media.read(&body)) else {
            return Err(self.call.failure("the INVITE has no usable offer"));
        };
        self.call.media.set_remote(Some(remote));
        self.call.engine.lock().accept(&self.call.call_id);
        Ok(self.call)
    }

    /// Refuses with this status: 486 busy, 603 decline, 480 unavailable …
    pub(crate) fn decline(self, status: u16) {
        let mut inner = self.call.engine.lock();
        inner.refuse_or_ring(&self.call.call_id, status, "Declined");
    }

    /// Lets it ring; gives a handle to wait for the end with.
    pub(crate) fn ignore(self) -> Call {
        self.call
    }
}
