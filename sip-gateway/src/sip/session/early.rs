//! Early dialogs of a call that we place (RFC 3261 12.1, 13.2.2.1) and reliable provisional answers (RFC 3262).
//!
//! **Owns**: which of several early dialogs is heard, PRACK, what a 2xx of the same dialog may leave out. **Must not
//! know**: what SDP says, which contact wins.
//!
//! We do not offer `100rel`: a lost 183 costs a tone, and every phone would send twice as much. A peer that requires it
//! all the same gets its PRACK.

use crate::sip::dialog::{Dialog, Path};
use crate::sip::endpoint::core::{Core, User};
use crate::sip::message::{HeaderName, Method, Request, Response};
use bytes::Bytes;

/// Early dialogs of one leg at most; what a fork says beyond is not looked at.
const FORKS: usize = 16;

/// What names an early dialog at our end: Call-ID of the INVITE and the peer's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    call_id: String,
    tag: String,
}

#[derive(Debug)]
struct Early {
    name: Name,
    /// Its last description.
    sdp: Option<Bytes>,
    /// RSeq of the last reliable answer, and the dialog that PRACK is sent in.
    reliable: Option<(u32, Dialog)>,
}

/// The early dialogs of one leg.
#[derive(Debug, Default)]
pub(super) struct EarlyDialogs {
    known: Vec<Early>,
    /// The one that is heard: the first with a description.
    heard: Option<Name>,
}

/// What a provisional answer brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Provisional {
    /// A repeat, or one out of order: it counts for nothing (RFC 3262 4).
    Void,
    /// Progress, with a description when there is a new one to be heard.
    News(Option<Bytes>),
}

impl EarlyDialogs {
    /// Takes a provisional answer above 100 to `invite`; a reliable one gets its PRACK.
    pub(super) fn provisional(
        &mut self,
        core: &mut Core,
        (invite, path): (&Request, Path),
        response: &Response,
        sdp: Option<Bytes>,
    ) -> Provisional {
        let reliable = rseq_of(response);
        if sdp.is_none() && reliable.is_none() {
            return Provisional::News(None);
        }
        let Some(name) = name_of(response) else {
            return Provisional::News(None);
        };
        let Some(place) = self.place_of(&name) else {
            return Provisional::Void;
        };
        let Some(early) = self.known.get_mut(place) else {
            return Provisional::Void;
        };
        if let Some(rseq) = reliable {
            let in_order = early
                .reliable
                .as_ref()
                .is_none_or(|(last, _)| last.checked_add(1) == Some(rseq));
            if !in_order {
                return Provisional::Void;
            }
            acknowledge(early, core, (invite, path), (response, rseq));
        }
        let Some(sdp) = sdp else {
            return Provisional::News(None);
        };
        let is_new = early.sdp.as_ref() != Some(&sdp);
        early.sdp = Some(sdp.clone());
        let is_heard = *self.heard.get_or_insert_with(|| name.clone()) == name;
        Provisional::News(Some(sdp).filter(|_| is_new && is_heard))
    }

    /// A 2xx came. Its dialog goes on counting where its early one was; gives the description that the 2xx may leave out
    /// when a reliable answer has brought it.
    pub(super) fn answered(&self, response: &Response, dialog: &mut Dialog) -> Option<Bytes> {
        let name = name_of(response)?;
        let early = self.known.iter().find(|early| early.name == name)?;
        if let Some((_, counted)) = &early.reliable {
            dialog.count_on(counted);
        }
        early.sdp.clone()
    }

    /// The INVITE with this Call-ID was refused: its dialogs are over, and another may be heard.
    pub(super) fn forget(&mut self, call_id: &str) {
        self.known.retain(|early| early.name.call_id != call_id);
        self.heard.take_if(|heard| heard.call_id == call_id);
    }

    fn place_of(&mut self, name: &Name) -> Option<usize> {
        let found = self.known.iter().position(|early| early.name == *name);
        if found.is_none() && self.known.len() < FORKS {
            self.known.push(Early {
                name: name.clone(),
                sdp: None,
                reliable: None,
            });
            return Some(self.known.len() - 1);
        }
        found
    }
}

/// Sends PRACK in the early dialog; its transaction repeats it, and nobody waits for its outcome.
fn acknowledge(
    early: &mut Early,
    core: &mut Core,
    (invite, path): (&Request, Path),
    (response, rseq): (&Response, u32),
) {
    let before = early.reliable.take().map(|(_, dialog)| dialog);
    let dialog = before.or_else(|| Dialog::from_answer(invite, response, path));
    let (Some(mut dialog), Ok(cseq)) = (dialog, response.headers.cseq()) else {
        return;
    };
    let destination = dialog.destination();
    let via = core.new_via(destination);
    let mut prack = dialog.request(Method::Prack, via);
    let acknowledged = format!("{rseq} {} INVITE", cseq.number);
    prack.headers.push(HeaderName::RAck, acknowledged.as_str());
    core.start_request(&prack, destination, User::Nobody);
    early.reliable = Some((rseq, dialog));
}

/// RSeq of an answer that requires its PRACK.
fn rseq_of(response: &Response) -> Option<u32> {
    let required = response.headers.tokens(HeaderName::Require).ok()?;
    let is_reliable = required.iter().any(|token| &**token == "100rel");
    let text = response.headers.get_str(&HeaderName::RSeq)?;
    text.trim().parse().ok().filter(|_| is_reliable)
}

fn name_of(response: &Response) -> Option<Name> {
    let to = response.headers.to().ok()?;
    Some(Name {
        call_id: response.headers.call_id().ok()?.to_owned(),
        tag: to.tag().unwrap_or_default().to_owned(),
    })
}
