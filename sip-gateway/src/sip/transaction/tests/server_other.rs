use super::super::server_other::{Event, ServerOther, State};
use super::super::timers::{T1_64, Timer, Transport};
use super::{bytes, letters, show};
use std::time::Instant;

fn respond(status: u16) -> Event {
    Event::Respond {
        status,
        bytes: bytes(&status.to_string()),
    }
}

fn machine_in(state: State, transport: Transport, now: Instant) -> ServerOther {
    let (mut out, mut machine) = (Vec::new(), ServerOther::start(transport));
    match state {
        State::Trying => {}
        State::Proceeding => machine.handle(respond(100), now, &mut out),
        State::Completed => machine.handle(respond(200), now, &mut out),
        State::Terminated => machine.handle(Event::TransportError, now, &mut out),
    }
    assert_eq!(machine.state(), state);
    machine
}

#[test]
fn figure_8_on_datagrams() {
    use State::{Completed, Proceeding, Terminated, Trying};
    let table = [
        (Trying, Event::Repeat, Trying, "", ""),
        (Trying, respond(100), Proceeding, ">100", ""),
        (Trying, respond(200), Completed, ">200", "J"),
        (Trying, Event::TransportError, Terminated, "failed", ""),
        (Proceeding, Event::Repeat, Proceeding, ">100", ""),
        (Proceeding, respond(183), Proceeding, ">183", ""),
        (Proceeding, respond(481), Completed, ">481", "J"),
        (Proceeding, Event::TransportError, Terminated, "failed", ""),
        (Completed, Event::Repeat, Completed, ">200", "J"),
        (Completed, respond(500), Completed, "", "J"),
        (Completed, Event::Timer(Timer::J), Terminated, "", ""),
        (Completed, Event::TransportError, Terminated, "failed", ""),
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
fn the_answer_stays_for_64_t1_on_datagrams() {
    let now = Instant::now();
    let lossy = machine_in(State::Completed, Transport::Datagram, now);
    assert_eq!(lossy.timers().next(), Some((Timer::J, now + T1_64)));
    let sure = machine_in(State::Completed, Transport::Stream, now);
    assert_eq!(sure.timers().next(), Some((Timer::J, now)));
}
