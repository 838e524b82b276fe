//! Any bytes at any port: a live call goes on without a packet missing, nothing is heard of them, the log stays short.

use crate::support::mutate::Dice;
use crate::support::patience::LEAST;
use crate::support::phone::audio::{self, PACKET};
use crate::support::phone::{Call, Phone, Sending, seconds};
use crate::support::world::{Plan, World};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;
const FOREIGN_HZ: f64 = 2_300.0;

/// Datagrams of each kind and source; between batches the receiver breathes, so that loss is never the kernel's.
const COUNT: usize = 1_500;

/// Well-formed messages to begin with. The number is none of ours, so that whatever survives is refused.
fn seeds(server: SocketAddr, here: SocketAddr) -> Vec<Vec<u8>> {
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
        here.ip()
    );
    let mut seeds: Vec<Vec<u8>> = [
        "INVITE",
        "REGISTER",
        "OPTIONS",
        "BYE",
        "CANCEL",
        "ACK",
        "INFO",
        "SUBSCRIBE",
        "X-Y",
    ]
    .iter()
    .map(|method| {
        format!(
            "{method} sip:4711@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKa1;rport\r\nMax-Forwards: 70\r\nFrom: \"A \\\" B\" <sip:600111222@{here}>;tag=a1\r\nTo: <sip:4711@{server}>\r\nCall-ID: a1@{here}\r\nCSeq: 1 {method}\r\nContact: <sip:x@{here}>;expires=60\r\nAuthorization: Digest username=\"2001\", realm=\"cordboard.localhost\", nonce=\"x\", uri=\"sip:{server}\", response=\"0\"\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        )
        .into_bytes()
    })
    .collect();
    seeds.push(
        format!("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {server};branch=z9hG4bKb1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: b1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")
            .into_bytes(),
    );
    seeds
}

/// A packet as a phone would send it, of a tone that nobody in the call sends.
fn foreign_packet(number: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend_from_slice(&number.to_be_bytes());
    packet.extend_from_slice(&(u32::from(number) * PACKET as u32).to_be_bytes());
    packet.extend_from_slice(&0xfeed_f00d_u32.to_be_bytes());
    let samples = audio::tone(FOREIGN_HZ, u64::from(number) * PACKET as u64);
    packet.extend(samples.into_iter().map(audio::to_ulaw));
    packet
}

fn pour(
    target: SocketAddr,
    sources: &[&str],
    mut datagram: impl FnMut(SocketAddr, usize) -> Vec<u8>,
) {
    let sockets: Vec<UdpSocket> = sources
        .iter()
        .map(|source| UdpSocket::bind((*source, 0)).unwrap())
        .collect();
    for number in 0..COUNT {
        for socket in &sockets {
            let bytes = datagram(socket.local_addr().unwrap(), number);
            let _ = socket.send_to(&bytes, target);
        }
        if number % 8 == 7 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A talk with numbered packets both ways.
fn talk(world: &World, customer: &Phone, agent: &Phone) -> (Call, Call) {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    let talk = agent.wait_ring(seconds(5)).unwrap().answer().unwrap();
    talk.send(Sending::Numbered {
        leg: 2,
        hz: AGENT_HZ,
    });
    call.send(Sending::Numbered {
        leg: 1,
        hz: CUSTOMER_HZ,
    });
    call.wait_tone(AGENT_HZ, seconds(2)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(2)).unwrap();
    (call, talk)
}

/// Requests that name the live call and cannot know its tags.
fn forged_requests(world: &World, call: &Call) {
    let forger = UdpSocket::bind("127.0.0.9:0").unwrap();
    let here = forger.local_addr().unwrap();
    for method in ["BYE", "CANCEL", "INVITE", "INFO", "UPDATE"] {
        for tag in ["", ";tag=guess"] {
            let text = format!(
                "{method} sip:9000@{0} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKf{method}{1}\r\nMax-Forwards: 70\r\nFrom: <sip:600111222@{here}>;tag=forged\r\nTo: <sip:9000@{0}>{tag}\r\nCall-ID: {2}\r\nCSeq: 9 {method}\r\nContact: <sip:x@{here}>\r\nContent-Length: 0\r\n\r\n",
                world.sip,
                tag.len(),
                call.call_id()
            );
            forger.send_to(text.as_bytes(), world.sip).unwrap();
        }
    }
    forger.set_read_timeout(Some(LEAST)).unwrap();
    let mut buffer = [0; 2048];
    let length = forger.recv(&mut buffer).unwrap();
    let first = String::from_utf8_lossy(&buffer[..length]).into_owned();
    assert!(first.starts_with("SIP/2.0 4"), "{first}");
}

fn unharmed(call: &Call, talk: &Call) {
    call.wait_tone(AGENT_HZ, seconds(1)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(1)).unwrap();
    for (heard, leg) in [(call.heard(), 2), (talk.heard(), 1)] {
        let numbers = heard.numbers(leg);
        assert_eq!(numbers.missing, 0, "leg {leg}: {numbers:?}");
        assert!(numbers.repeated.is_empty(), "leg {leg}: {numbers:?}");
        assert_eq!(heard.duration_of(FOREIGN_HZ), Duration::ZERO);
    }
}

#[test]
fn no_bytes_at_any_port_harm_a_live_call_or_flood_the_log() {
    let mut world = World::with(&Plan {
        log_level: Some("info"),
        ..Plan::default()
    });
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let (call, talk) = talk(&world, &customer, &agent);
    let ports: Vec<SocketAddr> = [&call, &talk]
        .iter()
        .map(|leg| leg.heard().packets.last().unwrap().from)
        .collect();
    let lines = world.log().lines().count();

    // At the SIP port: noise, and messages with something broken, from the trunk, an agent's address and nowhere.
    let mut dice = Dice(7);
    let sources = ["127.0.0.9", "127.0.0.2", "127.0.0.1"];
    pour(world.sip, &sources, |_, _| dice.bytes(1_400));
    unharmed(&call, &talk);
    let server = world.sip;
    pour(world.sip, &sources, |here, _| {
        let seeds = seeds(server, here);
        let seed = dice.below(seeds.len());
        dice.mutate(&seeds[seed])
    });
    unharmed(&call, &talk);

    forged_requests(&world, &call);
    unharmed(&call, &talk);

    // At both RTP ports: noise, broken RTP, and a foreign voice, from elsewhere and from the right host's other port.
    for port in &ports {
        let sources = ["127.0.0.9", "127.0.0.2", "127.0.0.1"];
        pour(*port, &sources, |_, number| match number % 3 {
            0 => dice.bytes(400),
            1 => {
                let packet = foreign_packet(number as u16);
                dice.mutate(&packet)
            }
            _ => foreign_packet(number as u16),
        });
    }
    unharmed(&call, &talk);
    // The RTCP port beside, too.
    let rtcp = SocketAddr::new(ports[0].ip(), ports[0].port() + 1);
    pour(rtcp, &["127.0.0.9"], |_, _| dice.bytes(200));
    unharmed(&call, &talk);
    // Nobody but the two phones was ever sent to: the foreign source did not steal the media.
    assert_eq!(call.heard().lost(), 0);

    assert!(world.is_running());
    let grown = world.log().lines().count() - lines;
    assert!(grown <= 5, "{grown} more lines:\n{}", world.log());
    assert!(!world.log().contains("panicked"));

    // And it still takes calls and knows its own.
    assert_eq!(customer.ping(world.sip).unwrap(), 200);
    let next = customer.call(world.sip, "9000", "600111223").unwrap();
    next.wait_answered(seconds(3)).unwrap();
    next.hang_up();
    call.hang_up();
    talk.wait_ended(seconds(2)).unwrap();
    world.wait_agent("ana", "available", seconds(4));
    let list = world.wait_for("/interactions", seconds(3), |list| {
        let items = list["items"].as_array().unwrap();
        items.len() >= 2 && items.iter().all(|item| !item["ended_at"].is_null())
    });
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list:#}");
    let interaction = list["items"][1]["id"].as_str().unwrap();
    assert_foreign_is_not_recorded(&world, interaction);
    // They did arrive, and were counted.
    let record = world.get(&format!("/interactions/{interaction}"));
    for leg in record["legs"].as_array().unwrap() {
        let ignored = leg["quality"]["packets_ignored"].as_u64().unwrap();
        assert!(ignored > COUNT as u64, "{leg:#}");
    }
}

fn assert_foreign_is_not_recorded(world: &World, interaction: &str) {
    let file = world.recording_file(interaction, 1);
    let (_, left, right) = crate::support::world::channels(&file);
    for side in [left, right] {
        for second in side.chunks(8_000) {
            assert!(audio::dominance(second, FOREIGN_HZ, 8_000.0) < 0.05);
        }
    }
}
