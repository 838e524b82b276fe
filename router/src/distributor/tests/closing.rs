//! Queues that a supervisor closed: who is kept out, who is served, when they open.

use super::support::*;
use crate::agent::AgentState;
use crate::closure::{ClosedBy, Closure, ClosureMessage, Opening, WhileClosed};
use crate::distributor::{EntryRequest, Input, Output};
use crate::event::Event;
use crate::id::{ClosureId, InteractionId, QueueEntryId, QueueId, UserId};
use crate::outcome::{EntryOutcome, OfferOutcome, Refusal};

fn sam() -> ClosedBy {
    ClosedBy {
        user: Some(UserId::from_number(9)),
        ..ClosedBy::default()
    }
}

/// Of `SUPPORT`, for so many seconds; 0: until somebody opens it.
fn closing(story: &Story, id: u64, seconds: u64, waiting: WhileClosed) -> Closure {
    Closure {
        id: ClosureId::from_number(id),
        queue: SUPPORT,
        since: story.now,
        until: (seconds > 0).then(|| story.now + secs(seconds)),
        message: ClosureMessage::Prompt("flood.wav".into()),
        waiting,
        reason: "flood".into(),
        by: sam(),
    }
}

/// For random worlds: closes any queue, or opens it.
pub(super) fn any_closing(story: &Story, queue: u64, seconds: Option<u64>, end: bool) -> Input {
    let queue = QueueId::from_number(queue);
    let Some(seconds) = seconds else {
        return Input::OpenQueue { queue, by: sam() };
    };
    let waiting = if end {
        WhileClosed::End
    } else {
        WhileClosed::Serve
    };
    let closure = closing(story, 1, seconds, waiting);
    Input::CloseQueue(Closure { queue, ..closure })
}

fn close(story: &mut Story, id: u64, seconds: u64, waiting: WhileClosed) {
    let closure = closing(story, id, seconds, waiting);
    story.tell(Input::CloseQueue(closure));
}

/// Callers whom the last step sent out with the message, in order.
fn sent_off(story: &Story) -> Vec<u64> {
    let said = story.said.iter().filter_map(|output| match output {
        Output::EntryLeft {
            entry,
            outcome: EntryOutcome::Refused,
            refusal: Some(Refusal::Closed),
            message: Some(ClosureMessage::Prompt(file)),
            ..
        } if file == "flood.wav" => Some(*entry),
        _ => None,
    });
    said.map(|entry| {
        (1..100)
            .find(|n| QueueEntryId::from_number(*n) == entry)
            .unwrap()
    })
    .collect()
}

fn openings(story: &Story) -> Vec<(ClosureId, Opening)> {
    let log = story.log.iter();
    log.filter_map(|event| match event {
        Event::QueueOpened { closure, cause, .. } => Some((*closure, *cause)),
        _ => None,
    })
    .collect()
}

fn is_closed(story: &Story) -> bool {
    story.distributor.queue(SUPPORT).unwrap().closure.is_some()
}

#[test]
fn newcomers_hear_the_message_and_those_who_wait_are_served() {
    let mut story = Story::new(company());
    story.caller(1);
    close(&mut story, 1, 0, WhileClosed::Serve);
    assert!(sent_off(&story).is_empty());
    story.caller(2);
    assert_eq!(sent_off(&story), [2]);
    // The log says which closing it was, for the record of the call.
    let told = story.log.iter().any(|event| {
        matches!(event, Event::QueueLeft { closure: Some(closure), refusal: Some(Refusal::Closed), .. }
            if *closure == ClosureId::from_number(1))
    });
    assert!(told);
    // Another queue is open, and agents go on.
    story.tell(Input::Enqueue(EntryRequest {
        queue: SALES,
        ..request(3)
    }));
    assert!(sent_off(&story).is_empty());
    story.tell(Input::PhoneRegistered { agent: ANA });
    let (offer, _) = story.offered().unwrap();
    story.answer(offer);
    assert_eq!(story.outcomes(1), [EntryOutcome::Answered]);
    // Without an end it lasts.
    story.pass(1_000_000);
    story.caller(4);
    assert_eq!(sent_off(&story), [4]);
    story.tell(Input::OpenQueue {
        queue: SUPPORT,
        by: sam(),
    });
    assert_eq!(
        openings(&story),
        [(ClosureId::from_number(1), Opening::Reopened)]
    );
    story.caller(5);
    assert!(sent_off(&story).is_empty());
    // Once more says nothing.
    story.tell(Input::OpenQueue {
        queue: SUPPORT,
        by: sam(),
    });
    assert!(story.said.is_empty());
}

#[test]
fn those_who_wait_can_be_sent_off_in_order_also_while_a_phone_rings() {
    let mut story = Story::with(company(), &[ANA]);
    for number in 1..=3 {
        story.caller(number);
    }
    assert!(story.is(ANA, AgentState::Offered));
    close(&mut story, 1, 60, WhileClosed::End);
    assert_eq!(sent_off(&story), [1, 2, 3]);
    assert_eq!(story.revoked(), Some(OfferOutcome::CallerLeft));
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.outcomes(1), [EntryOutcome::Refused]);
}

#[test]
fn it_opens_by_itself_at_its_time() {
    let mut story = Story::new(company());
    close(&mut story, 1, 60, WhileClosed::Serve);
    assert_eq!(
        story.distributor.next_deadline(),
        Some(story.now + secs(60))
    );
    story.pass(59);
    assert!(is_closed(&story));
    // A caller of the very moment is let in: what is due happens first.
    story.now = story.now + secs(1);
    story.caller(1);
    assert!(sent_off(&story).is_empty());
    assert_eq!(
        openings(&story),
        [(ClosureId::from_number(1), Opening::Expired)]
    );
    assert_eq!(story.distributor.queue(SUPPORT).unwrap().waiting.len(), 1);
}

#[test]
fn closed_anew_the_last_word_counts() {
    let mut story = Story::new(company());
    story.caller(1);
    close(&mut story, 1, 10, WhileClosed::Serve);
    close(&mut story, 2, 100, WhileClosed::End);
    assert_eq!(sent_off(&story), [1]);
    assert_eq!(
        openings(&story),
        [(ClosureId::from_number(1), Opening::Replaced)]
    );
    story.pass(50);
    assert!(is_closed(&story));
    story.pass(50);
    assert!(!is_closed(&story));
}

#[test]
fn who_stood_in_the_line_before_comes_back_to_it() {
    let returning = |number| EntryRequest {
        returning: true,
        ..request(number)
    };
    let mut story = Story::new(company());
    close(&mut story, 1, 0, WhileClosed::Serve);
    story.tell(Input::Enqueue(returning(1)));
    assert!(sent_off(&story).is_empty());
    // A queue that is closed to all is closed to them too.
    close(&mut story, 2, 0, WhileClosed::End);
    assert_eq!(sent_off(&story), [1]);
    story.tell(Input::Enqueue(returning(2)));
    assert_eq!(sent_off(&story), [2]);
}

#[test]
fn a_restart_goes_on_with_it_or_ends_what_is_over() {
    let mut story = Story::new(company());
    let later = closing(&story, 1, 60, WhileClosed::End);
    story.tell(Input::RestoreClosure(later.clone()));
    assert!(story.log.is_empty());
    story.caller(1);
    assert_eq!(sent_off(&story), [1]);
    let view = story.distributor.queue(SUPPORT).unwrap();
    assert_eq!(view.closure, Some(later.clone()));
    // One whose time passed while we were away.
    let mut story = Story::new(company());
    story.now = story.now + secs(100);
    story.tell(Input::RestoreClosure(later.clone()));
    assert_eq!(openings(&story), [(later.id, Opening::Expired)]);
    story.caller(1);
    assert!(sent_off(&story).is_empty());
    // One of a queue that is gone.
    let mut without = company();
    without.queues.remove(&SUPPORT);
    let mut story = Story::new(without);
    story.tell(Input::RestoreClosure(later.clone()));
    assert_eq!(openings(&story), [(later.id, Opening::QueueGone)]);
}

#[test]
fn a_queue_that_is_gone_is_closed_no_more() {
    let mut story = Story::new(company());
    close(&mut story, 1, 0, WhileClosed::Serve);
    let mut without = company();
    without.queues.remove(&SUPPORT);
    story.tell(Input::Configure(without));
    assert_eq!(
        openings(&story),
        [(ClosureId::from_number(1), Opening::QueueGone)]
    );
    // Nobody can close what is not there, and a company that says nothing about it leaves others closed.
    close(&mut story, 2, 0, WhileClosed::Serve);
    assert!(story.said.is_empty());
    story.tell(Input::Configure(company()));
    close(&mut story, 3, 0, WhileClosed::Serve);
    story.tell(Input::Configure(company()));
    assert!(is_closed(&story));
    story.tell(Input::Enqueue(EntryRequest {
        interaction: InteractionId::from_number(7),
        ..request(7)
    }));
    assert_eq!(sent_off(&story), [7]);
}
