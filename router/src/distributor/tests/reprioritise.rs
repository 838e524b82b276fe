//! A supervisor gives a waiting caller another place.

use super::support::*;
use crate::agent::AgentState;
use crate::distributor::{Input, Output};
use crate::event::Event;
use crate::id::QueueEntryId;
use std::time::Duration;

fn place(story: &mut Story, number: u64, class: Option<u8>, ahead: Option<Duration>) {
    story.tell(Input::Reprioritise {
        entry: QueueEntryId::from_number(number),
        class,
        ahead,
    });
}

/// Who waits, in order.
fn line(story: &Story) -> Vec<u64> {
    let view = story.distributor.queue(SUPPORT).unwrap();
    let numbers = view.waiting.iter().map(|w| w.entry.uuid().as_u128() as u64);
    numbers.collect()
}

/// Three callers, 10 s apart.
fn three() -> Story {
    let mut story = Story::new(company());
    for number in 1..=3 {
        story.caller(number);
        story.pass(10);
    }
    story
}

#[test]
fn a_head_start_and_a_class_put_a_caller_in_another_place() {
    let mut story = three();
    place(&mut story, 3, None, Some(secs(15)));
    assert_eq!(line(&story), [1, 3, 2]);
    assert!(story.said.contains(&Output::LineMoved { queue: SUPPORT }));
    place(&mut story, 2, Some(0), None);
    assert_eq!(line(&story), [2, 1, 3]);
    // In place of what was given before: nothing any more, and normal again.
    place(&mut story, 3, None, Some(Duration::ZERO));
    place(&mut story, 2, Some(1), None);
    assert_eq!(line(&story), [1, 2, 3]);
    place(&mut story, 2, Some(0), None);
    story.log_in(ANA);
    assert_eq!(story.decisions()[0].entry, QueueEntryId::from_number(2));
    let events = story.log.iter();
    let told = events.filter(|event| matches!(event, Event::QueueReprioritised { .. }));
    assert_eq!(told.count(), 5);
}

#[test]
fn who_was_promoted_stays_so_and_who_rings_goes_on_ringing() {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().promote_after = secs(25);
    let mut story = Story::new(company);
    story.caller(1);
    story.pass(20);
    story.caller(2);
    story.pass(5);
    place(&mut story, 1, Some(1), None);
    place(&mut story, 2, None, Some(secs(60)));
    assert_eq!(line(&story), [1, 2], "1 has been promoted");
    story.tell(Input::PhoneRegistered { agent: ANA });
    let (offer, _) = story.offered().unwrap();
    place(&mut story, 2, Some(0), Some(secs(60)));
    assert_eq!(story.revoked(), None);
    assert_eq!(line(&story), [2, 1]);
    story.answer(offer);
    assert!(story.is(ANA, AgentState::OnCall));
    // Nobody any more, or never there.
    place(&mut story, 1, Some(0), None);
    assert!(story.said.is_empty());
}
