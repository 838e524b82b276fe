//! An ordinary call whose both sides speak SIP over TCP: register, ring, talk, hold, and the end from either side.

use crate::support::calls::{NUMBER, talk_in_tones, to_the_queue};
use crate::support::phone::{Call, End, Phone, audio, seconds};
use crate::support::world::{self, COMPANY, Plan, World};

const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;

/// The default company, reached over TCP alone: what a phone of these tests sends travels on its own connection.
fn open() -> World {
    World::with(&Plan {
        tcp: true,
        // Long enough to be seen.
        company: COMPANY.replace("wrap_up = \"1s\"", "wrap_up = \"20s\""),
        ..Plan::default()
    })
}

/// Ana and a customer, each on a connection, talking.
fn talking(world: &World) -> (Phone, Phone, Call, Call) {
    let agent = Phone::start_tcp("127.0.0.1".parse().unwrap(), world.sip).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let customer = Phone::start_tcp("127.0.0.2".parse().unwrap(), world.sip).unwrap();
    let call = to_the_queue(world, &customer);
    let ringing = agent.wait_ring(seconds(3)).unwrap();
    let via = ringing.header("via").unwrap();
    assert!(via.starts_with("SIP/2.0/TCP "), "{via}");
    assert!(ringing.caller().ends_with(NUMBER));
    let talk = ringing.answer().unwrap();
    talk_in_tones((&call, &talk), (CUSTOMER_HZ, AGENT_HZ));
    (agent, customer, call, talk)
}

/// `holder` holds `held` by a new offer of this direction, and takes the call back.
fn hold_and_resume(
    (holder, held): (&Call, &Call),
    (direction, answer): (&str, &str),
    (holder_hz, held_hz): (f64, f64),
) {
    let sdp = holder.offer(direction).unwrap();
    assert!(
        sdp.contains(&format!("a={answer}\r\n")),
        "{direction}: {sdp}"
    );
    // Nobody speaks to a phone that holds; it hears nothing of the other side.
    std::thread::sleep(seconds(1) / 2);
    let since = std::time::Instant::now();
    std::thread::sleep(seconds(1) / 2);
    let heard = holder.heard().since(since).samples();
    let share = audio::dominance(&heard, held_hz, 8_000.0);
    assert!(
        heard.is_empty() || share < 0.1,
        "{direction}: {share:.2} of what comes is the other side"
    );
    assert!(held.ended().is_none() && holder.ended().is_none());
    let sdp = holder.offer("sendrecv").unwrap();
    assert!(sdp.contains("a=sendrecv\r\n"), "{sdp}");
    holder.wait_tone(held_hz, seconds(3)).unwrap();
    held.wait_tone(holder_hz, seconds(3)).unwrap();
}

#[test]
fn a_call_over_tcp_is_held_by_either_side_and_ended_by_the_customer() {
    let world = open();
    let (agent, customer, call, talk) = talking(&world);
    hold_and_resume(
        (&talk, &call),
        ("sendonly", "recvonly"),
        (AGENT_HZ, CUSTOMER_HZ),
    );
    hold_and_resume(
        (&call, &talk),
        ("inactive", "inactive"),
        (CUSTOMER_HZ, AGENT_HZ),
    );
    call.hang_up();
    assert_eq!(talk.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "customer");
    let id = record["id"].as_str().unwrap();
    let (_, left, right) = world::channels(&world.recording_file(id, 1));
    let marks = record["recordings"][0]["marks"].as_array().unwrap();
    assert_eq!(marks.len(), 1, "the agent's hold: {marks:?}");
    assert_eq!(marks[0]["kind"], "hold");
    // While the agent holds there is silence by intent; whatever else is there is that side's own voice.
    for (side, hz, other) in [
        (&left, CUSTOMER_HZ, AGENT_HZ),
        (&right, AGENT_HZ, CUSTOMER_HZ),
    ] {
        let shares = |hz| {
            let loud = side
                .chunks_exact(400)
                .filter(|part| part.iter().any(|sample| sample.abs() > 1_000));
            loud.map(move |part| audio::dominance(part, hz, 8_000.0))
        };
        let own = shares(hz).filter(|share| *share > 0.9).count();
        assert!(own >= 3, "{hz} Hz is heard in {own} parts of its side");
        assert!(shares(other).all(|share| share < 0.3), "{other} Hz");
    }
    assert_eq!((agent.repeats_seen(), customer.repeats_seen()), (0, 0));
    assert_eq!((agent.live_calls(), customer.live_calls()), (0, 0));
}

#[test]
fn a_call_over_tcp_is_ended_by_the_agent() {
    let world = open();
    let (_agent, _customer, call, talk) = talking(&world);
    talk.hang_up();
    world.wait_agent("ana", "wrap_up", seconds(3));
    // The flow says goodbye and ends: our BYE finds the customer on the connection of the call.
    assert_eq!(call.wait_ended(seconds(8)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "agent");
}
