//! A carrier that plays before it answers, by a provisional answer that it wants acknowledged, and a desk phone that
//! hears it: SIPp and baresip on either side.

use crate::support::peers::baresip::Baresip;
use crate::support::peers::sipp::Sipp;
use crate::support::peers::track::Track;
use crate::support::phone::audio;
use crate::support::phone::seconds;
use crate::support::world::{COMPANY, Plan, World};
use crate::{AGENT_HZ, CUSTOMER, CUSTOMER_HZ, TRUNK, assert_whole, at, record};
use std::time::Instant;

const CARRIER_PORT: u16 = 5_130;

#[test]
fn baresip_hears_sipps_reliable_183_before_the_answer() {
    let trunk = "from = [\"127.0.0.2/32\"]\n";
    let outbound = format!(
        "{trunk}outbound = {{ address = \"{TRUNK}:{CARRIER_PORT}\", caller_id = \"+34910000000\", prefixes = [\"+34\"] }}\n"
    );
    let world = World::with(&Plan {
        company: COMPANY.replace(trunk, &outbound),
        ..Plan::default()
    });
    let mut phone = Baresip::agent(world.sip, "2001", "word-of-ana", AGENT_HZ).unwrap();
    world.wait_agent("ana", "available", seconds(5));
    let carrier = Sipp::new("carrier_early.xml", at(TRUNK, CARRIER_PORT))
        .plays(&Track::new(CUSTOMER, CUSTOMER_HZ, 8))
        .start()
        .unwrap();
    phone.dial(&format!("sip:911222333@{}", world.sip)).unwrap();
    phone.wait_event("CALL_PROGRESS", seconds(5)).unwrap();
    phone.wait_event("CALL_ESTABLISHED", seconds(5)).unwrap();
    let talking = Instant::now();
    std::thread::sleep(seconds(2));
    phone.hang_up().unwrap();
    carrier.wait(seconds(5)).unwrap();
    let talked = talking.elapsed().as_secs_f64();
    let heard = phone.quit_and_listen().unwrap();
    // The talk was two seconds: what is more came before the answer.
    let tone = heard.chunks_exact(800).filter(|tenth| {
        audio::level(tenth) > crate::support::phone::heard::SILENCE
            && audio::dominance(tenth, CUSTOMER_HZ, 8_000.0) > 0.7
    });
    let tenths = tone.count();
    assert!(tenths >= 33, "the tone was heard for {tenths} tenths");
    let (_, left, _) = record(&world);
    assert_whole(&left, CUSTOMER);
    let length = left.len() as f64 / 8_000.0;
    assert!(
        length < talked + 1.0,
        "{length} s were recorded of a talk of {talked} s"
    );
}
