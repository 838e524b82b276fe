use super::super::server_invite::{Event, ServerInvite, State};
use super::super::timers::{T4, Timer, Transport};
use super::{bytes, letters, schedule, show};
use std::time::Instant;

fn respond(status: u16) -> Event {
    Event::Respond {
        status,
        bytes: bytes(&status.to_string()),
    }
}

fn machine_in(state: State, transport: Transport, now: Instant) -> ServerInvite {
    let mut out = Vec::new();
    let mut machine = ServerInvite::start(transport);
    machine.handle(respond(100), now, &mut out);
    match state {
        State::Proceeding => {}
        State::Completed => machine.handle(respond(486), now, &mut out),
        State::Confirmed => {
            machine.handle(respond(486), now, &mut out);
            machine.handle(Event::Ack, now, &mut out);
        }
        State::Accepted => machine.handle(respond(200), now, &mut out),
        State::Terminated => machine.handle(Event::TransportError, now, &mut out),
    }
    assert_eq!(machine.state(), state);
    machine
}

#[test]
fn figure_7_on_datagrams() {
    use State::{Accepted, Completed, Confirmed, Proceeding, Terminated};
    let table = [
        (Proceeding, Event::Repeat, Proceeding, ">100", ""),
        (Proceeding, respond(180), Proceeding, ">180", ""),
        (Proceeding, respond(200), Accepted, ">200", "L"),
        (Proceeding, respond(404), Completed, ">404", "GH"),
        (Proceeding, Event::Ack, Proceeding, "", ""),
        (Proceeding, Event::TransportError, Terminated, "failed", ""),
        (Completed, Event::Repeat, Completed, ">486", "GH"),
        (Completed, Event::Timer(Timer::G), Completed, ">486", "GH"),
        (Completed, Event::Timer(Timer::H), Terminated, "timeout", ""),
        (Completed, Event::Ack, Confirmed, "", "I"),
        (Completed, respond(200), Completed, "", "GH"),
        (Completed, Event::TransportError, Terminated, "failed", ""),
        (Confirmed, Event::Ack, Confirmed, "", "I"),
        (Confirmed, Event::Repeat, Confirmed, "", "I"),
        (Confirmed, Event::Timer(Timer::I), Terminated, "", ""),
        (Confirmed, Event::TransportError, Confirmed, "", "I"),
        (Accepted, Event::Repeat, Accepted, "", "L"),
        (Accepted, respond(200), Accepted, ">200", "L"),
        (Accepted, respond(486), Accepted, "", "L"),
        (Accepted, Event::Ack, Accepted, "up", "L"),
        (Accepted, Event::Timer(Timer::L), Terminated, "", ""),
        (Accepted, Event::TransportError, Accepted, "", "L"),
        (Terminated, Event::Repeat, Terminated, "", ""),
    ];
    let now = Instant::now();
    for (from, event, to, actions, timers) in table {
        let (mut machine, mut out) = (machine_in(from, Transport::Datagram, now), Vec::new());
        let label = format!("{from:?} {event:?}");
        machine.handle(event, now, &mut out);
        assert_eq!(machine.state(), to, "{label}");
        assert_eq!(show(&out), actions, "{label}");
        assert_eq!(letters(&machine.timers().running()), timers, "{label}");
    }
}

#[test]
fn a_refusal_is_repeated_until_the_ack_or_timer_h() {
    let start = Instant::now();
    let machine = std::cell::RefCell::new(machine_in(State::Completed, Transport::Datagram, start));
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
    assert_eq!(
        sent,
        [
            500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    assert_eq!((end, last.as_str()), (32_000, "timeout"));
}

#[test]
fn the_ack_is_absorbed_for_t4_on_datagrams_and_not_at_all_on_streams() {
    let now = Instant::now();
    let lossy = machine_in(State::Confirmed, Transport::Datagram, now);
    assert_eq!(lossy.timers().next(), Some((Timer::I, now + T4)));
    let sure = machine_in(State::Confirmed, Transport::Stream, now);
    assert_eq!(sure.timers().next(), Some((Timer::I, now)));
    assert_eq!(
        letters(
            &machine_in(State::Completed, Transport::Stream, now)
                .timers()
                .running()
        ),
        "H"
    );
}
