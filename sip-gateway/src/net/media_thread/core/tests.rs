//! Legs of a thread on a network of values.

use super::super::command::Command;
use super::*;
use crate::leg::{PlayId, StreamId};
use crate::media::clip::Clip;
use crate::media::outbound::StreamSeed;
use crate::media::port::{PlayRequest, RecordBlock, RecordRequest, RemoteMedia};
use crate::media::rtp::RtpHeader;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

mod keys;

/// A pair of sockets is a number; what is sent and received lies in lists.
#[derive(Default)]
struct Wire {
    waiting: VecDeque<(u32, Channel, Vec<u8>)>,
    sent: Vec<(u32, Channel, Vec<u8>)>,
    refuse: bool,
}

#[derive(Clone, Default)]
struct FakeIo(Rc<RefCell<Wire>>);

fn party(pair: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, pair as u8], 4000))
}

impl PacketIo for FakeIo {
    type Pair = u32;

    fn attach(&mut self, _pair: &mut u32, _key: usize) -> io::Result<()> {
        if self.0.borrow().refuse {
            Err(io::Error::other("full"))
        } else {
            Ok(())
        }
    }

    fn detach(&mut self, _pair: &mut u32) {}

    fn receive(
        &self,
        pair: &u32,
        channel: Channel,
        buffer: &mut [u8],
    ) -> io::Result<Option<(usize, SocketAddr)>> {
        let waiting = &mut self.0.borrow_mut().waiting;
        let found = waiting
            .iter()
            .position(|(to, on, _)| to == pair && *on == channel);
        let Some((_, _, bytes)) = found.and_then(|at| waiting.remove(at)) else {
            return Ok(None);
        };
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        Ok(Some((length, party(*pair))))
    }

    fn send(&self, pair: &u32, channel: Channel, packet: &[u8], to: SocketAddr) -> io::Result<()> {
        assert_eq!(to.ip(), party(*pair).ip());
        self.0
            .borrow_mut()
            .sent
            .push((*pair, channel, packet.to_vec()));
        Ok(())
    }
}

struct World {
    core: Core<FakeIo>,
    wire: FakeIo,
    buffers: Box<Buffers>,
    now: Duration,
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl World {
    fn new() -> Self {
        let wire = FakeIo::default();
        let settings = Settings {
            media_lost_after: ms(30_000),
            ntp_at_zero: Duration::ZERO,
        };
        Self {
            core: Core::new(wire.clone(), settings, None),
            wire,
            buffers: Buffers::new(),
            now: Duration::ZERO,
        }
    }

    fn tell(&mut self, command: Command<u32>) {
        self.core.handle(command, self.now, &mut self.buffers);
    }

    fn open(&mut self, leg: u64) {
        self.tell(Command::Open {
            leg: LegId(leg),
            pair: leg as u32,
            seed: StreamSeed::default(),
        });
        self.tell(Command::SetRemote {
            leg: LegId(leg),
            remote: RemoteMedia::pcmu(party(leg as u32)),
        });
    }

    fn run(&mut self, length: Duration) {
        let end = self.now + length;
        while self.now < end {
            self.now += ms(1);
            self.core.turn(self.now, &mut self.buffers);
        }
    }

    /// A packet arrives for a leg and is read.
    fn arrive(&mut self, leg: u64, bytes: Vec<u8>) -> bool {
        self.wire
            .0
            .borrow_mut()
            .waiting
            .push_back((leg as u32, Channel::Rtp, bytes));
        let Some(key) = self.core.keys.get(&LegId(leg)).copied() else {
            return false;
        };
        self.core
            .readable(key, Channel::Rtp, self.now, &mut self.buffers)
    }

    fn events(&mut self) -> Vec<MediaEvent> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(100);
        self.core.outbox.flush(&sender);
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    fn sent_to(&self, leg: u64) -> usize {
        let sent = &self.wire.0.borrow().sent;
        sent.iter()
            .filter(|(pair, channel, _)| *pair == leg as u32 && *channel == Channel::Rtp)
            .count()
    }
}

fn audio(n: u16) -> Vec<u8> {
    let header = RtpHeader {
        marker: false,
        payload_type: 0,
        sequence: n,
        timestamp: u32::from(n) * 160,
        ssrc: 5,
    };
    [&header.to_bytes()[..], &[0x10; 160]].concat()
}

fn music(play: u64) -> PlayRequest {
    let clips = vec![Arc::new(Clip::from_samples(vec![500; 8000]))];
    PlayRequest {
        play: PlayId(play),
        clips,
        repeat: true,
        resume: false,
        at_most: None,
        until_heard: false,
    }
}

#[test]
fn a_leg_forwards_only_while_bridged() {
    let mut world = World::new();
    (1..=3).for_each(|leg| world.open(leg));
    world.arrive(1, audio(1));
    assert_eq!(world.sent_to(2), 0);
    world.tell(Command::Bridge {
        a: LegId(1),
        b: LegId(2),
    });
    world.arrive(1, audio(2));
    world.arrive(2, audio(2));
    assert_eq!((world.sent_to(1), world.sent_to(2)), (1, 1));
    // A new bridge parts the old one.
    world.tell(Command::Bridge {
        a: LegId(3),
        b: LegId(2),
    });
    world.arrive(1, audio(3));
    world.arrive(3, audio(3));
    assert_eq!((world.sent_to(1), world.sent_to(2)), (1, 2));
    world.tell(Command::Unbridge { leg: LegId(2) });
    world.arrive(3, audio(4));
    assert_eq!(world.sent_to(2), 2);
    // An echo.
    world.tell(Command::Bridge {
        a: LegId(1),
        b: LegId(1),
    });
    world.arrive(1, audio(4));
    assert_eq!(world.sent_to(1), 2);
    world.tell(Command::Close { leg: LegId(1) });
    assert!(
        world
            .core
            .seats
            .iter()
            .flatten()
            .all(|seat| seat.peer.is_none())
    );
}

#[test]
fn a_ringing_tone_gives_way_to_the_far_end_and_silence_counts_anew_from_the_answer() {
    let mut world = World::new();
    (1..=2).for_each(|leg| world.open(leg));
    let (a, b) = (LegId(1), LegId(2));
    world.tell(Command::Bridge { a, b });
    let tone = PlayRequest {
        until_heard: true,
        ..music(7)
    };
    world.tell(Command::Play {
        leg: a,
        request: tone,
    });
    world.run(ms(200));
    assert_eq!(world.sent_to(1), 10);
    // The caller's own packets change nothing; the first of the far end is passed on itself.
    world.arrive(1, audio(1));
    world.run(ms(20));
    assert_eq!((world.sent_to(1), world.events().len()), (11, 1));
    world.arrive(2, audio(1));
    let ended = MediaEvent::PlayEnded {
        leg: a,
        play: PlayId(7),
        finished: false,
    };
    assert!(world.events().contains(&ended));
    assert_eq!(world.sent_to(1), 12);
    world.run(ms(100));
    assert_eq!(world.sent_to(1), 12);
    // A caller's phone that sends nothing before the answer is lost only so long after it.
    let lost = |world: &mut World| world.events().contains(&MediaEvent::MediaLost { leg: a });
    world.run(ms(30_000));
    assert!(lost(&mut world));
    world.tell(Command::Bridge { a, b });
    world.run(ms(29_000));
    assert!(!lost(&mut world));
    world.run(ms(2_000));
    assert!(lost(&mut world));
}

#[test]
fn a_leg_that_moves_keeps_its_play_and_commands_wait_for_it() {
    let (mut from, mut to) = (World::new(), World::new());
    from.open(1);
    to.open(2);
    from.tell(Command::Play {
        leg: LegId(1),
        request: music(3),
    });
    from.run(ms(100));
    let before = from.sent_to(1);
    to.tell(Command::Expect { leg: LegId(1) });
    to.tell(Command::Bridge {
        a: LegId(2),
        b: LegId(1),
    });
    to.tell(Command::Play {
        leg: LegId(2),
        request: music(4),
    });
    to.run(ms(100));
    assert_eq!(to.sent_to(2), 0);
    from.tell(Command::MoveOut {
        leg: LegId(1),
        to: 1,
    });
    let (target, adopt) = from.core.moves.pop().unwrap();
    assert_eq!((target, before, from.core.is_busy()), (1, 5, false));
    to.tell(adopt);
    assert_eq!(
        to.events(),
        [MediaEvent::PlayEnded {
            leg: LegId(1),
            play: PlayId(3),
            finished: false
        }]
    );
    to.run(ms(100));
    assert_eq!(to.sent_to(2), 5);
    to.arrive(2, audio(1));
    assert_eq!(to.sent_to(1), 1);
    // A leg that was gone when it should move lets its commands go.
    to.tell(Command::Expect { leg: LegId(9) });
    to.tell(Command::Bridge {
        a: LegId(2),
        b: LegId(9),
    });
    from.tell(Command::MoveOut {
        leg: LegId(9),
        to: 1,
    });
    to.tell(from.core.moves.pop().unwrap().1);
    to.tell(Command::Stop { leg: LegId(2) });
    assert!(to.events().contains(&MediaEvent::PlayEnded {
        leg: LegId(2),
        play: PlayId(4),
        finished: false
    }));
}

#[test]
fn a_flood_is_read_in_portions() {
    let mut world = World::new();
    world.open(1);
    for n in 0..100 {
        world
            .wire
            .0
            .borrow_mut()
            .waiting
            .push_back((1, Channel::Rtp, audio(n)));
    }
    assert!(world.arrive(1, audio(100)));
    assert_eq!(
        world.core.seat(0).unwrap().leg.quality().packets_received,
        32
    );
    while world
        .core
        .readable(0, Channel::Rtp, world.now, &mut world.buffers)
    {}
    assert_eq!(
        world.core.seat(0).unwrap().leg.quality().packets_received,
        101
    );
}

#[test]
fn datagrams_that_fill_the_buffer_are_ignored() {
    let mut world = World::new();
    world.open(1);
    let mut giant = audio(1);
    giant.resize(5000, 0);
    world.arrive(1, giant);
    assert_eq!(world.core.seat(0).unwrap().leg.quality().packets_ignored, 1);
}

#[test]
fn sockets_that_cannot_be_watched_close_the_leg() {
    let mut world = World::new();
    world.wire.0.borrow_mut().refuse = true;
    world.open(1);
    assert!(matches!(
        world.events()[..],
        [MediaEvent::Closed { leg: LegId(1), .. }]
    ));
    assert!(!world.core.is_busy());
    world.wire.0.borrow_mut().refuse = false;
    world.open(2);
    assert_eq!(world.core.seats.len(), 1);
}

#[test]
fn a_recording_ends_with_its_last_leg() {
    let mut world = World::new();
    (1..=2).for_each(|leg| world.open(leg));
    let (sink, blocks) = sync_channel(64);
    let request = RecordRequest {
        stream: StreamId(1),
        left: LegId(1),
        right: LegId(2),
        sample_rate: 8000,
        sink,
    };
    world.tell(Command::StartRecording(request.clone()));
    world.tell(Command::StartRecording(request));
    world.run(ms(500));
    world.tell(Command::Close { leg: LegId(1) });
    world.run(ms(500));
    world.tell(Command::Close { leg: LegId(2) });
    world.run(ms(100));
    let all: Vec<RecordBlock> = blocks.try_iter().collect();
    let ends = all
        .iter()
        .filter(|block| matches!(block, RecordBlock::End { frames: 8000, .. }))
        .count();
    assert_eq!((ends, all.len()), (1, 6));
    assert!(!world.core.recordings.is_running(StreamId(1)));
}

#[test]
fn a_leg_at_rest_reports_and_wakes_at_a_command_and_at_a_packet() {
    let mut world = World::new();
    (1..=40).for_each(|leg| world.open(leg));
    let looked_at = |world: &World| {
        let turns = (0..16).map(|turn| world.now + ms(20 * turn));
        turns
            .filter(|at| world.core.rest.is_looked_at(0, *at))
            .count()
    };
    assert_eq!(looked_at(&world), 16);
    world.run(ms(700));
    assert_eq!(looked_at(&world), 1, "nothing to do: one look in 320 ms");
    assert!(world.core.is_at_rest());
    // What is commanded begins at the next turn, as ever.
    world.tell(Command::Play {
        leg: LegId(1),
        request: music(7),
    });
    world.run(ms(100));
    assert!((4..=5).contains(&world.sent_to(1)), "{}", world.sent_to(1));
    assert!(!world.core.is_at_rest());
    assert_eq!(world.sent_to(2), 0);
    world.tell(Command::Stop { leg: LegId(1) });
    world.run(ms(700));
    assert_eq!(looked_at(&world), 1);
    assert!(
        !world.core.is_at_rest(),
        "somebody is to be told of the play's end"
    );
    world.events();
    assert!(world.core.is_at_rest());
    world.arrive(1, audio(1));
    assert_eq!(looked_at(&world), 16);
    assert!(!world.core.is_at_rest());
    // Each has reported about every five seconds.
    world.run(ms(10_500));
    let sent = &world.wire.0.borrow().sent;
    for leg in 1..=40 {
        let reports = sent
            .iter()
            .filter(|(pair, channel, _)| (*pair, *channel) == (leg, Channel::Rtcp));
        assert_eq!(reports.count(), 2, "leg {leg}");
    }
}

#[test]
fn reports_go_out_on_the_other_socket_and_a_report_on_the_rtp_port_is_understood() {
    let mut world = World::new();
    world.open(1);
    world.arrive(1, audio(1));
    world.arrive(1, vec![0x80, 201, 0, 1, 0, 0, 0, 9]);
    world.run(ms(11_000));
    let sent = &world.wire.0.borrow().sent;
    assert_eq!(sent.len(), 2);
    assert!(
        sent.iter()
            .all(|(_, channel, bytes)| *channel == Channel::Rtcp && bytes[1] == 201)
    );
    assert_eq!(world.core.seat(0).unwrap().leg.quality().packets_ignored, 0);
}

#[test]
fn a_watched_party_is_lost_after_a_second_of_silence_and_for_a_while_only() {
    let mut world = World::new();
    world.open(1);
    let lost = |world: &mut World, leg| {
        let lost = MediaEvent::MediaLost { leg: LegId(leg) };
        world.events().contains(&lost)
    };
    world.arrive(1, audio(1));
    // The last packets come after the news that its connection has closed.
    world.tell(Command::Watch { leg: LegId(1) });
    world.run(ms(100));
    world.arrive(1, audio(2));
    world.run(ms(900));
    assert!(!lost(&mut world, 1));
    world.run(ms(200));
    assert!(lost(&mut world, 1), "nobody joined it, and it is lost");
    // The second goes on speaking: its page is there.
    let mut world = World::new();
    world.open(2);
    world.tell(Command::Watch { leg: LegId(2) });
    for n in 1..=40 {
        world.arrive(2, audio(n));
        world.run(ms(100));
    }
    world.run(ms(10_000));
    assert!(!lost(&mut world, 2), "a hiccup later is no reason");
}

#[test]
fn silence_of_a_bridged_party_is_told_once_and_again_after_it_spoke() {
    let mut world = World::new();
    (1..=2).for_each(|leg| world.open(leg));
    world.tell(Command::Bridge {
        a: LegId(1),
        b: LegId(2),
    });
    for _ in 0..45 {
        world.run(ms(1000));
        world.arrive(1, audio(1));
    }
    let lost = MediaEvent::MediaLost { leg: LegId(2) };
    assert_eq!(
        world.events(),
        [MediaEvent::MediaStarted { leg: LegId(1) }, lost.clone()]
    );
    world.arrive(2, audio(1));
    world.run(ms(31_000));
    let told = world.events();
    assert!(
        told.contains(&lost) && told.contains(&MediaEvent::MediaLost { leg: LegId(1) }),
        "{told:?}"
    );
    // A party that has us on hold to listen only is not lost.
    let remote = RemoteMedia {
        direction: Direction::SendOnly,
        ..RemoteMedia::pcmu(party(1))
    };
    world.arrive(1, audio(9));
    world.tell(Command::SetRemote {
        leg: LegId(1),
        remote,
    });
    world.run(ms(40_000));
    assert_eq!(world.events(), []);
}
