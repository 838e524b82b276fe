//! What whoever runs it sees: counters that follow calls, and the log of what a saved company file changed.

use crate::support::phone::{End, Phone, seconds};
use crate::support::world::World;

#[test]
fn counters_follow_calls_and_saved_files_say_what_changed() {
    let world = World::start();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let unknown = customer.call(world.sip, "9999", "600111222").unwrap();
    assert_eq!(unknown.wait_ended(seconds(3)).unwrap(), End::Rejected(404));
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    world.wait_metrics(
        &[
            "cordboard_calls_live 1",
            "cordboard_media_legs 1",
            "cordboard_sip_held{kind=\"legs\"} 1",
            "cordboard_calls_refused_total{reason=\"no_such_number\"} 1",
            "cordboard_calls_total{outcome=\"self_served\"} 0",
        ],
        seconds(5),
    );
    call.hang_up();
    world.wait_metrics(
        &[
            "cordboard_calls_live 0",
            "cordboard_media_legs 0",
            "cordboard_calls_total{outcome=\"self_served\"} 1",
        ],
        seconds(5),
    );

    let path = world.root().join("company.toml");
    let company = std::fs::read_to_string(&path).unwrap();
    let more = format!("{company}\n[[queues]]\nname = \"night\"\n");
    std::fs::write(&path, more).unwrap();
    world.wait_log("company file: queue \"night\" added", seconds(5));
    world.wait_metrics(&["cordboard_queue_waiting{queue=\"night\"} 0"], seconds(5));
}
