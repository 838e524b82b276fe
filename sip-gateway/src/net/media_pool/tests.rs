use super::*;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

fn pool(ports: RangeInclusive<u16>, threads: usize) -> MediaPool {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let config = MediaConfig {
        address,
        ports,
        threads,
        media_lost_after: Duration::from_secs(30),
    };
    MediaPool::start(config).unwrap().0
}

#[test]
fn a_range_without_a_pair_is_refused() {
    let config = MediaConfig {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports: 9001..=9002,
        threads: 1,
        media_lost_after: Duration::from_secs(30),
    };
    assert_eq!(
        MediaPool::start(config).unwrap_err().kind(),
        io::ErrorKind::InvalidInput
    );
}

#[test]
fn ports_run_out_and_used_ones_are_skipped() {
    let pool = pool(9310..=9315, 1);
    let _somebody_else = UdpSocket::bind("127.0.0.1:9313").unwrap();
    let mut ports: Vec<u16> = (0..2)
        .map(|n| pool.open(LegId(n), n).unwrap().rtp.port())
        .collect();
    ports.sort_unstable();
    assert_eq!(ports, [9310, 9314]);
    assert!(matches!(pool.open(LegId(2), 0), Err(OpenError::NoPort)));
    assert!(matches!(
        pool.open(LegId(1), 0),
        Err(OpenError::AlreadyOpen(LegId(1)))
    ));
    // A freed pair rests first.
    pool.close(LegId(1)).unwrap();
    assert!(matches!(pool.open(LegId(2), 0), Err(OpenError::NoPort)));
}

#[test]
fn unknown_legs_and_streams_are_told() {
    let pool = pool(9320..=9329, 1);
    assert_eq!(pool.stop(LegId(1)), Err(MediaError::UnknownLeg(LegId(1))));
    assert_eq!(
        pool.bridge(LegId(1), LegId(2)),
        Err(MediaError::UnknownLeg(LegId(1)))
    );
    assert_eq!(
        pool.stop_recording(StreamId(1)),
        Err(MediaError::UnknownStream(StreamId(1)))
    );
}

#[test]
fn a_recorded_leg_stays_where_it_is() {
    let pool = pool(9330..=9349, 2);
    // Two calls on two threads.
    for (leg, affinity) in [(1, 1), (2, 1), (3, 2), (4, 2)] {
        pool.open(LegId(leg), affinity).unwrap();
    }
    let thread = |leg| pool.directory().legs[&LegId(leg)].thread;
    assert_ne!(thread(1), thread(3));
    let (sink, _blocks) = sync_channel(64);
    let record = |stream, left, right| {
        let (left, right, sink) = (LegId(left), LegId(right), sink.clone());
        pool.start_recording(RecordRequest {
            stream: StreamId(stream),
            left,
            right,
            sample_rate: 8000,
            sink,
        })
    };
    record(1, 1, 2).unwrap();
    // Not the recorded leg moves, whichever side it is on.
    pool.bridge(LegId(3), LegId(1)).unwrap();
    assert_eq!((thread(1), thread(3)), (thread(2), thread(1)));
    pool.open(LegId(5), 2).unwrap();
    record(2, 4, 5).unwrap();
    assert_eq!(pool.bridge(LegId(1), LegId(4)), Err(MediaError::Apart));
    pool.stop_recording(StreamId(1)).unwrap();
    pool.bridge(LegId(1), LegId(4)).unwrap();
    assert_eq!(thread(1), thread(4));
    // A recording whose legs are closed is forgotten.
    pool.close(LegId(4)).unwrap();
    pool.close(LegId(5)).unwrap();
    assert_eq!(
        pool.stop_recording(StreamId(2)),
        Err(MediaError::UnknownStream(StreamId(2)))
    );
}

#[test]
fn affinities_spread_over_the_threads() {
    for step in [1, 2, 4, 1000] {
        let on_first = (0..1000).filter(|n| spread(n * step, 2) == 0).count();
        assert!((400..600).contains(&on_first), "{step}: {on_first}");
    }
    assert_eq!(spread(u64::MAX, 0), 0);
}

#[test]
fn the_death_of_a_media_thread_ends_all_and_is_told() {
    let config = MediaConfig {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports: 9340..=9349,
        threads: 3,
        media_lost_after: Duration::from_secs(30),
    };
    let (pool, mut events) = MediaPool::start(config).unwrap();
    for leg in 0..3 {
        pool.open(LegId(leg), leg).unwrap();
    }
    pool.send(1, Command::Die).unwrap();
    // The others say their last words; then nobody is left to say anything.
    while let Some(event) = events.blocking_recv() {
        assert!(matches!(event, MediaEvent::Closed { .. }), "{event:?}");
    }
    assert!(pool.open(LegId(9), 0).is_err() || pool.stop(LegId(0)).is_err());
}
