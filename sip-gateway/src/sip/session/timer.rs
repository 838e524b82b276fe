//! Session timers (RFC 4028): a call whose other end is gone is found and ended, even when nobody talks in it.
//!
//! **Owns**: [`SessionTimer`], the reading and writing of Session-Expires. **Must not know**: how a refresh is sent.

use crate::sip::message::{HeaderName, Headers, Refusal};
use std::time::{Duration, Instant};

/// What we ask for when nobody asks for anything, seconds (RFC 4028 4 recommends it).
const WANTED: u32 = 1_800;
/// The least that we take; RFC 4028 5 allows no less.
const LEAST: u32 = 90;

/// The agreed timer of one dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionTimer {
    seconds: u32,
    /// Whether the refreshes are ours to send.
    pub(crate) ours: bool,
    since: Instant,
}

/// Who refreshes, as a header says it of its own request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refresher {
    Uac,
    Uas,
}

impl SessionTimer {
    /// When to refresh, or when to believe that the peer is gone (RFC 4028 10).
    pub(crate) fn deadline(&self) -> Instant {
        let half = self.seconds / 2;
        let last = self.seconds.saturating_sub((self.seconds / 3).min(32));
        let after = if self.ours { half } else { last };
        self.since + Duration::from_secs(u64::from(after))
    }

    /// The session was refreshed, or its peer has shown that it lives.
    pub(crate) const fn restart(&mut self, now: Instant) {
        self.since = now;
    }

    /// The headers of a refresh of ours.
    pub(crate) fn write_request(self, headers: &mut Headers) {
        write(headers, self.seconds, Some(Refresher::Uac));
        headers.push(HeaderName::MinSe, LEAST);
    }

    /// The headers of our 2xx; `by_peer` is who sent the request.
    pub(crate) fn write_answer(self, headers: &mut Headers) {
        let refresher = if self.ours {
            Refresher::Uas
        } else {
            headers.set(HeaderName::Require, "timer");
            Refresher::Uac
        };
        write(headers, self.seconds, Some(refresher));
    }

    /// What our 2xx to this request agrees on (RFC 4028 9).
    pub(crate) fn grant(request: &Headers, now: Instant) -> Self {
        let (asked, refresher) = read(request).unwrap_or((WANTED, None));
        let least = least(request);
        Self {
            seconds: asked.max(least),
            // Who does not know timers sends no refreshes.
            ours: !(knows_timers(request) && refresher == Some(Refresher::Uac)),
            since: now,
        }
    }

    /// What a 2xx to our request has agreed on (RFC 4028 7.2); none: the peer wants no timer.
    pub(crate) fn agreed(answer: &Headers, now: Instant) -> Option<Self> {
        let (seconds, refresher) = read(answer)?;
        Some(Self {
            seconds: seconds.max(LEAST),
            ours: refresher != Some(Refresher::Uas),
            since: now,
        })
    }
}

/// 422 for a request whose timer is too short, when its sender can do anything about it (RFC 4028 9).
pub(crate) fn check(request: &Headers) -> Result<(), Refusal> {
    match read(request) {
        Some((seconds, _)) if seconds < LEAST && knows_timers(request) => {
            Err(Refusal::new(422).with_header(HeaderName::MinSe, LEAST))
        }
        _ => Ok(()),
    }
}

/// The headers of an INVITE of ours; `least` is what a 422 asked for.
pub(crate) fn ask(headers: &mut Headers, least: Option<u32>) {
    let least = least.unwrap_or(LEAST).max(LEAST);
    write(headers, WANTED.max(least), None);
    headers.set(HeaderName::MinSe, least);
}

/// What a 422 wants at least; none when it asks for more than a day.
pub(crate) fn wanted_by(refusal: &Headers) -> Option<u32> {
    let least = number(refusal.get_str(&HeaderName::MinSe)?)?;
    (least <= 86_400).then_some(least)
}

fn write(headers: &mut Headers, seconds: u32, refresher: Option<Refresher>) {
    let text = match refresher {
        None => seconds.to_string(),
        Some(Refresher::Uac) => format!("{seconds};refresher=uac"),
        Some(Refresher::Uas) => format!("{seconds};refresher=uas"),
    };
    headers.set(HeaderName::SessionExpires, text);
}

/// Session-Expires; one that cannot be read counts as none.
fn read(headers: &Headers) -> Option<(u32, Option<Refresher>)> {
    let mut parts = headers.get_str(&HeaderName::SessionExpires)?.split(';');
    let seconds = number(parts.next()?)?.min(86_400);
    let refresher = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("refresher") {
            return None;
        }
        match value.trim() {
            value if value.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            value if value.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        }
    });
    Some((seconds, refresher))
}

/// The request's own least, ours when it names none.
fn least(request: &Headers) -> u32 {
    let named = request.get_str(&HeaderName::MinSe).and_then(number);
    named.unwrap_or(LEAST).clamp(LEAST, 86_400)
}

fn number(text: &str) -> Option<u32> {
    let digits = text.split(';').next().unwrap_or_default().trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}

fn knows_timers(headers: &Headers) -> bool {
    let all = headers.supported().unwrap_or_default();
    all.iter().any(|tag| tag.eq_ignore_ascii_case("timer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in all {
            headers.push(name.clone(), *value);
        }
        headers
    }

    #[test]
    fn what_is_granted() {
        use HeaderName::{MinSe, SessionExpires, Supported};
        let now = Instant::now();
        type Row<'a> = (&'a [(HeaderName, &'a str)], u32, bool);
        let table: [Row<'_>; 8] = [
            (&[], 1_800, true),
            (&[(SessionExpires, "600")], 600, true),
            (&[(SessionExpires, "600;refresher=uac")], 600, true),
            (
                &[
                    (SessionExpires, "600 ; Refresher = UAC"),
                    (Supported, "100rel, timer"),
                ],
                600,
                false,
            ),
            (
                &[(SessionExpires, "600;refresher=uas"), (Supported, "timer")],
                600,
                true,
            ),
            (&[(SessionExpires, "600"), (Supported, "timer")], 600, true),
            (&[(SessionExpires, "10")], 90, true),
            (&[(SessionExpires, "abc"), (MinSe, "3600")], 3_600, true),
        ];
        for (request, seconds, ours) in table {
            let timer = SessionTimer::grant(&headers(request), now);
            assert_eq!((timer.seconds, timer.ours), (seconds, ours), "{request:?}");
        }
    }

    #[test]
    fn a_timer_that_is_too_short_is_refused_to_those_who_know_timers() {
        use HeaderName::{MinSe, SessionExpires, Supported};
        let knows = headers(&[(SessionExpires, "89"), (Supported, "timer")]);
        let refusal = check(&knows).unwrap_err();
        assert_eq!(refusal.status, 422);
        assert_eq!(
            wanted_by(
                &refusal
                    .to_response(&crate::sip::message::Request::new(
                        crate::sip::message::Method::Invite,
                        crate::sip::message::Uri::parse("sip:a@b").unwrap()
                    ))
                    .headers
            ),
            Some(90)
        );
        assert!(check(&headers(&[(SessionExpires, "89")])).is_ok());
        assert!(check(&headers(&[(SessionExpires, "90"), (Supported, "timer")])).is_ok());
        assert_eq!(wanted_by(&headers(&[(MinSe, "99999999999")])), None);
        let mut again = Headers::new();
        ask(&mut again, Some(3_600));
        assert_eq!(again.get_str(&SessionExpires), Some("3600"));
    }

    #[test]
    fn who_refreshes_does_so_at_half_time_and_who_waits_gives_up_before_the_end() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let ours = SessionTimer::grant(&Headers::new(), now);
        assert_eq!(ours.deadline(), at(900));
        let theirs = headers(&[(HeaderName::SessionExpires, "1800;refresher=uas")]);
        let mut theirs = SessionTimer::agreed(&theirs, now).unwrap();
        assert_eq!(theirs.deadline(), at(1_768));
        theirs.restart(at(100));
        assert_eq!(theirs.deadline(), at(1_868));
        let short = headers(&[(HeaderName::SessionExpires, "90;refresher=uas")]);
        assert_eq!(
            SessionTimer::agreed(&short, now).unwrap().deadline(),
            at(60)
        );
        assert_eq!(SessionTimer::agreed(&Headers::new(), now), None);
    }
}
