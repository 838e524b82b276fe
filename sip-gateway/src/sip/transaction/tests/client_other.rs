use super::super::client_other::{ClientOther, Event, State};
use super::super::timers::{T1, Timer, Transport};
use super::{bytes, letters, schedule, show};
use std::time::Instant;

fn machine_in(state: State, transport: Transport, now: Instant) -> ClientOther {
    let mut out = Vec::new();
    let mut machine = ClientOther::start(bytes("BYE"), transport, now, &mut out);
    assert_eq!(show(&out), ">BYE");
    match state {
        State::Trying => {}
        State::Proceeding => machine.handle(Event::Response(100), now, &mut out),
        State::Completed => machine.handle(Event::Response(200), now, &mut out),
        State::Terminated => machine.handle(Event::TransportError, now, &mut out),
    }
    assert_eq!(machine.state(), state);
    machine
}

#[test]
fn figure_6_on_datagrams() {
    use State::{Completed, Proceeding, Terminated, Trying};
    let table = [
        (Trying, Event::Timer(Timer::E), Trying, ">BYE", "EF"),
        (Trying, Event::Timer(Timer::F), Terminated, "timeout", ""),
        (Trying, Event::Response(100), Proceeding, "up", "EF"),
        (Trying, Event::Response(200), Completed, "up", "K"),
        (Trying, Event::Response(481), Completed, "up", "K"),
        (Trying, Event::TransportError, Terminated, "failed", ""),
        (Proceeding, Event::Timer(Timer::E), Proceeding, ">BYE", "EF"),
        (
            Proceeding,
            Event::Timer(Timer::F),
            Terminated,
            "timeout",
            "",
        ),
        (Proceeding, Event::Response(183), Proceeding, "up", "EF"),
        (Proceeding, Event::Response(404), Completed, "up", "K"),
        (Proceeding, Event::TransportError, Terminated, "failed", ""),
        (Completed, Event::Response(200), Completed, "", "K"),
        (Completed, Event::Response(100), Completed, "", "K"),
        (Completed, Event::Timer(Timer::K), Terminated, "", ""),
        (Completed, Event::TransportError, Completed, "", "K"),
        (Terminated, Event::Response(200), Terminated, "", ""),
    ];
    let now = Instant::now();
    for (from, event, to, actions, timers) in table {
        let mut machine = machine_in(from, Transport::Datagram, now);
        if let Event::Timer(Timer::E) = event {
            assert_eq!(machine.pop_due(now + T1), Some(Timer::E));
        }
        let mut out = Vec::new();
        machine.handle(event, now, &mut out);
        assert_eq!(machine.state(), to, "{from:?} {event:?}");
        assert_eq!(show(&out), actions, "{from:?} {event:?}");
        assert_eq!(
            letters(&machine.timers().running()),
            timers,
            "{from:?} {event:?}"
        );
    }
}

fn run(first: State) -> (Vec<u128>, u128, String) {
    let start = Instant::now();
    let machine = std::cell::RefCell::new(machine_in(first, Transport::Datagram, start));
    schedule(
        start,
        || machine.borrow().timers().next().map(|(_, due)| due),
        |now| {
            let (mut machine, mut out) = (machine.borrow_mut(), Vec::new());
            if let Some(timer) = machine.pop_due(now) {
                machine.handle(Event::Timer(timer), now, &mut out);
            }
            out
        },
    )
}

#[test]
fn an_unanswered_request_is_repeated_at_doubling_intervals_up_to_t2() {
    let (sent, end, last) = run(State::Trying);
    assert_eq!(
        sent,
        [
            500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    assert_eq!((end, last.as_str()), (32_000, "timeout"));
}

#[test]
fn a_provisional_slows_it_to_t2() {
    let (sent, end, _) = run(State::Proceeding);
    assert_eq!(
        sent,
        [500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500]
    );
    assert_eq!(end, 32_000);
}

#[test]
fn repeats_of_the_answer_are_absorbed_for_t4() {
    let now = Instant::now();
    let lossy = machine_in(State::Completed, Transport::Datagram, now);
    assert_eq!(
        lossy.timers().next(),
        Some((Timer::K, now + super::super::timers::T4))
    );
    let sure = machine_in(State::Completed, Transport::Stream, now);
    assert_eq!(sure.timers().next(), Some((Timer::K, now)));
}
