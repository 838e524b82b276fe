//! What whoever runs it sees: counters that follow calls, and the log of what a saved company file changed.

use crate::support::phone::{End, Phone, seconds};
use crate::support::world::World;
use std::time::Instant;

/// Looks until the metrics hold every one of these lines; a snapshot is a second old at most.
fn wait_metrics(world: &World, wanted: &[&str]) {
    let until = Instant::now() + seconds(5);
    loop {
        let (status, _, body) = world.http("GET", "/metrics", None, &[]);
        assert_eq!(status, 200);
        let text = String::from_utf8(body).unwrap();
        let missing = wanted
            .iter()
            .find(|line| !text.lines().any(|l| l == **line));
        let Some(missing) = missing else { return };
        assert!(Instant::now() < until, "{missing} is not in\n{text}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn counters_follow_calls_and_saved_files_say_what_changed() {
    let world = World::start();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let unknown = customer.call(world.sip, "9999", "600111222").unwrap();
    assert_eq!(unknown.wait_ended(seconds(3)).unwrap(), End::Rejected(404));
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    wait_metrics(
        &world,
        &[
            "cordboard_calls_live 1",
            "cordboard_media_legs 1",
            "cordboard_sip_held{kind=\"legs\"} 1",
            "cordboard_calls_refused_total{reason=\"no_such_number\"} 1",
            "cordboard_calls_total{outcome=\"self_served\"} 0",
        ],
    );
    call.hang_up();
    wait_metrics(
        &world,
        &[
            "cordboard_calls_live 0",
            "cordboard_media_legs 0",
            "cordboard_calls_total{outcome=\"self_served\"} 1",
        ],
    );

    let path = world.root().join("company.toml");
    let company = std::fs::read_to_string(&path).unwrap();
    let more = format!("{company}\n[[queues]]\nname = \"night\"\n");
    std::fs::write(&path, more).unwrap();
    world.wait_log("company file: queue \"night\" added", seconds(5));
    wait_metrics(&world, &["cordboard_queue_waiting{queue=\"night\"} 0"]);
}
