//! A saved flow is taken by the next call; a broken one is refused and the last good version stays.

use crate::support::phone::{Phone, seconds};
use crate::support::world::{FLOW, GREETING, SORRY, World};

#[test]
fn a_saved_flow_is_taken_by_the_next_call_and_a_broken_one_is_refused() {
    let world = World::start();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = || {
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        call.wait_answered(seconds(3)).unwrap();
        call
    };
    let first = call();
    first.wait_tone(GREETING, seconds(3)).unwrap();

    world.write_flow(&FLOW.replace("- play: greeting", "- play: sorry"));
    let second = call();
    second.wait_tone(SORRY, seconds(3)).unwrap();

    world.write_flow(&FLOW.replace("- play: greeting", "- plya: greeting"));
    let third = call();
    third.wait_tone(SORRY, seconds(3)).unwrap();
    let log = world.log();
    assert!(
        log.contains("support.flow.yaml") && log.contains("play"),
        "the log says which file and what to write:\n{log}"
    );
    for call in [first, second, third] {
        call.hang_up();
        call.wait_ended(seconds(2)).unwrap();
    }
}
