use super::super::client_invite::{ClientInvite, Event, State};
use super::super::timers::{T1, Timer, Transport};
use super::{bytes, letters, schedule, show};
use std::time::Instant;

fn response(status: u16) -> Event {
    Event::Response {
        status,
        ack: bytes("ACK"),
    }
}

fn machine_in(state: State, transport: Transport, now: Instant) -> ClientInvite {
    let mut out = Vec::new();
    let mut machine = ClientInvite::start(bytes("INV"), transport, now, &mut out);
    assert_eq!(show(&out), ">INV");
    match state {
        State::Calling => {}
        State::Proceeding => machine.handle(response(180), now, &mut out),
        State::Completed => machine.handle(response(486), now, &mut out),
        State::Accepted => machine.handle(response(200), now, &mut out),
        State::Terminated => machine.handle(Event::TransportError, now, &mut out),
    }
    assert_eq!(machine.state(), state);
    machine
}

#[test]
fn figure_5_on_datagrams() {
    use State::{Accepted, Calling, Completed, Proceeding, Terminated};
    let table = [
        (Calling, Event::Timer(Timer::A), Calling, ">INV", "AB"),
        (Calling, Event::Timer(Timer::B), Terminated, "timeout", ""),
        (Calling, response(100), Proceeding, "up", ""),
        (Calling, response(180), Proceeding, "up", ""),
        (Calling, response(200), Accepted, "up", "M"),
        (Calling, response(302), Completed, ">ACK up", "D"),
        (Calling, response(699), Completed, ">ACK up", "D"),
        (Calling, Event::TransportError, Terminated, "failed", ""),
        (Proceeding, response(183), Proceeding, "up", ""),
        (Proceeding, Event::Timer(Timer::A), Proceeding, "", ""),
        (Proceeding, Event::Timer(Timer::B), Proceeding, "", ""),
        (Proceeding, response(200), Accepted, "up", "M"),
        (Proceeding, response(486), Completed, ">ACK up", "D"),
        (Proceeding, Event::TransportError, Terminated, "failed", ""),
        (Completed, response(486), Completed, ">ACK", "D"),
        (Completed, response(503), Completed, ">ACK", "D"),
        (Completed, response(180), Completed, "", "D"),
        (Completed, response(200), Completed, "", "D"),
        (Completed, Event::Timer(Timer::D), Terminated, "", ""),
        (Completed, Event::TransportError, Terminated, "failed", ""),
        (Accepted, response(200), Accepted, "up", "M"),
        (Accepted, response(180), Accepted, "", "M"),
        (Accepted, response(486), Accepted, "", "M"),
        (Accepted, Event::Timer(Timer::M), Terminated, "", ""),
        (Accepted, Event::TransportError, Accepted, "", "M"),
        (Terminated, response(200), Terminated, "", ""),
        (Terminated, Event::Timer(Timer::B), Terminated, "", ""),
    ];
    let now = Instant::now();
    for (from, event, to, actions, timers) in table {
        let mut machine = machine_in(from, Transport::Datagram, now);
        if let Event::Timer(_) = event {
            // A fired timer has been taken out of the table before the machine hears of it.
            while machine.pop_due(now + T1).is_some() {}
        }
        let (mut out, label) = (Vec::new(), format!("{from:?} {event:?}"));
        machine.handle(event, now, &mut out);
        assert_eq!(machine.state(), to, "{label}");
        assert_eq!(show(&out), actions, "{label}");
        assert_eq!(letters(&machine.timers().running()), timers, "{label}");
    }
}

#[test]
fn an_unanswered_invite_is_sent_seven_times_in_32_seconds() {
    let start = Instant::now();
    let machine = std::cell::RefCell::new(machine_in(State::Calling, Transport::Datagram, start));
    let (sent, end, last) = schedule(
        start,
        || machine.borrow().timers().next().map(|(_, due)| due),
        |now| {
            let (mut machine, mut out) = (machine.borrow_mut(), Vec::new());
            if let Some(timer) = machine.pop_due(now) {
                machine.handle(Event::Timer(timer), now, &mut out);
            }
            out
        },
    );
    assert_eq!(sent, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!((end, last.as_str()), (32_000, "timeout"));
}

#[test]
fn nothing_is_repeated_on_a_stream() {
    let now = Instant::now();
    assert_eq!(
        letters(
            &machine_in(State::Calling, Transport::Stream, now)
                .timers()
                .running()
        ),
        "B"
    );
    let completed = machine_in(State::Completed, Transport::Stream, now);
    assert_eq!(completed.timers().next(), Some((Timer::D, now)));
}
