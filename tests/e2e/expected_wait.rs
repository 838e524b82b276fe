//! What callers are told of their wait, and when there is nothing to tell.

use crate::rules::{LONG, Rules, calls, end, is_here, talks, waits};
use crate::support::world::BUSY;
use serde_json::json;

#[test]
fn a_waiting_caller_hears_an_expected_wait_once_three_were_answered() {
    let world = Rules {
        // Heard only where a wait is expected.
        wait: "play: busy\n        when: queue.ewt > 0",
        ..Rules::default()
    }
    .start();
    let ana = is_here(&world, "ana");
    let announced = || world.get("/queues/support")["expected_wait"]["announced"].clone();
    assert_eq!(announced(), json!(null));
    for _ in 0..3 {
        let caller = calls(&world, "2");
        let (_, talk) = talks(&world, "ana", &ana);
        end(&caller, &talk);
        world.wait_agent("ana", "available", LONG);
    }
    let _talks = calls(&world, "2");
    talks(&world, "ana", &ana);
    let (waiting, _) = waits(&world, "2", ("support", 1));
    assert!(announced().as_f64() > Some(0.0), "{}", announced());
    waiting.wait_tone(BUSY, LONG).unwrap();
}
