//! One table per figure of RFC 3261 17 / RFC 6026: state, event -> state, actions, running timers; then the
//! retransmission schedules to the millisecond, under a virtual clock.

mod client_invite;
mod client_other;
mod key;
mod server_invite;
mod server_other;
mod table;

use super::Action;
use super::timers::Timer;
use bytes::Bytes;
use std::time::{Duration, Instant};

/// What an action looks like in a table: `>x` sends the bytes x, `up` delivers, `timeout`, `failed`.
fn show(actions: &[Action]) -> String {
    let words: Vec<String> = actions
        .iter()
        .map(|action| match action {
            Action::Send(bytes) => format!(">{}", String::from_utf8_lossy(bytes)),
            Action::Deliver => "up".to_owned(),
            Action::TimedOut => "timeout".to_owned(),
            Action::TransportFailed => "failed".to_owned(),
        })
        .collect();
    words.join(" ")
}

/// The running timers as letters.
fn letters(timers: &[Timer]) -> String {
    timers.iter().map(|timer| format!("{timer:?}")).collect()
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// Runs a machine's timers until none is left; gives the milliseconds at which it sent, and when it ended.
fn schedule(
    start: Instant,
    mut next: impl FnMut() -> Option<Instant>,
    mut fire: impl FnMut(Instant) -> Vec<Action>,
) -> (Vec<u128>, u128, String) {
    let (mut sent, mut end, mut last) = (Vec::new(), 0, String::new());
    while let Some(due) = next() {
        assert!(
            due.duration_since(start) < Duration::from_secs(600),
            "the machine never ends"
        );
        let actions = fire(due);
        end = due.duration_since(start).as_millis();
        if actions
            .iter()
            .any(|action| matches!(action, Action::Send(_)))
        {
            sent.push(end);
        }
        last = show(&actions);
    }
    (sent, end, last)
}
