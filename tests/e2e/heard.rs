//! What every ear of a listened and of a three-way call hears, by frequency: phones that speak G.711 and G.722, and
//! browsers. Whoever must not be heard is 60 dB below their own tone.

use crate::hold::{AGENT_HZ, CUSTOMER_HZ, THIRD_HZ, done, with_music};
use crate::support::patience::until;
use crate::support::phone::{Call, Codec, Phone, Sending, audio, seconds};
use crate::support::world::World;
use crate::wideband::{from_g722, tone_as_g722};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

const TONES: [f64; 3] = [CUSTOMER_HZ, AGENT_HZ, THIRD_HZ];
/// Below this somebody is not heard, in dB of their own tone.
const UNHEARD: f64 = -60.0;
/// Above this they are.
const HEARD: f64 = -8.0;
/// How long all ears are listened to, after what was on its way before.
const LISTENED: Duration = Duration::from_millis(2_000);
/// How often, at most.
const TIMES: usize = 4;
const ON_ITS_WAY: Duration = Duration::from_millis(400);

/// What somebody speaks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pcmu,
    G722,
    /// PCMU with ICE, DTLS and SRTP, over WebSocket.
    Browser,
}

impl Kind {
    fn phone(self, world: &World, ip: &str) -> Phone {
        let phone = match self {
            Self::Browser => Phone::start_web(IpAddr::V4(Ipv4Addr::LOCALHOST), world.http).unwrap(),
            Self::Pcmu | Self::G722 => Phone::start(ip.parse().unwrap()).unwrap(),
        };
        if self == Self::G722 {
            phone.speak(Codec::G722);
        }
        phone
    }

    fn registered(self, world: &World, login: &str, extension: &str) -> Phone {
        let phone = self.phone(world, "127.0.0.1");
        let password = format!("word-of-{login}");
        phone.register(world.sip, extension, &password).unwrap();
        world.wait_agent(login, "available", seconds(5));
        phone
    }

    fn speak(self, call: &Call, hz: f64) {
        call.send(match self {
            Self::G722 => Sending::Codes(Arc::new(tone_as_g722(hz))),
            Self::Pcmu | Self::Browser => Sending::Tone(hz),
        });
    }

    /// How loud each tone is by half seconds, the softest first.
    fn ear(self, call: &Call, since: Instant) -> [Vec<f64>; 3] {
        let heard = call.heard().since(since);
        let (samples, rate) = match self {
            Self::G722 => (from_g722(&heard.codes(9)), 16_000),
            Self::Pcmu | Self::Browser => (heard.samples(), 8_000),
        };
        TONES.map(|hz| {
            let parts = samples.windows(rate / 2).step_by(rate / 4);
            let mut levels: Vec<f64> = parts
                .map(|part| audio::loudness_of(part, hz, rate as f64))
                .collect();
            levels.sort_by(f64::total_cmp);
            levels
        })
    }
}

/// Whether somebody is heard, or is not. A voice is there all the time; what a busy machine's hiccup spreads over every
/// frequency is not, and decides nothing.
fn is_right(levels: &[f64], wanted: bool) -> bool {
    if levels.len() < 4 {
        // Next to nothing came.
        false
    } else if wanted {
        levels[levels.len() / 2] > HEARD
    } else {
        levels[levels.len() / 4] < UNHEARD
    }
}

/// One who takes part.
struct Party {
    kind: Kind,
    call: Call,
}

/// Everybody's ears at the same time: what each is to hear of customer, agent and the third. Of a few times one has to be
/// right: a machine that is late for a whole one is no voice, and a voice is there each time.
fn ears(what: &str, parties: &[(&Party, [bool; 3])]) {
    let mut told = Vec::new();
    for _ in 0..TIMES {
        std::thread::sleep(ON_ITS_WAY);
        let since = Instant::now();
        std::thread::sleep(LISTENED);
        let wrong = parties.iter().find_map(|(party, wanted)| {
            let levels = party.kind.ear(&party.call, since);
            let mut both = levels.iter().zip(wanted);
            let right = both.all(|(levels, wanted)| is_right(levels, *wanted));
            let kind = party.kind;
            (!right).then(|| format!("{kind:?} hears {levels:.0?} dB, wanted {wanted:?}"))
        });
        match wrong {
            None => return,
            Some(wrong) => told.push(wrong),
        }
    }
    panic!("{what}: {told:#?}");
}

/// A customer and an agent who talk, and the interaction.
struct Talk {
    world: World,
    _phones: [Phone; 2],
    customer: Party,
    agent: Party,
    id: String,
}

fn talk(customer: Kind, agent: Kind) -> Talk {
    let world = with_music();
    let phone = agent.registered(&world, "ana", "2001");
    let caller = customer.phone(&world, "127.0.0.2");
    let call = caller.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    customer.speak(&call, CUSTOMER_HZ);
    // A phone that speaks G.722 does not hear by itself when the menu asks.
    let ringing = loop {
        call.press("2");
        if let Ok(ringing) = phone.rings_within(seconds(2)) {
            break ringing;
        }
    };
    let id = ringing.header("X-Cordboard-Interaction").unwrap();
    let answered = ringing.answer().unwrap();
    agent.speak(&answered, AGENT_HZ);
    Talk {
        world,
        _phones: [phone, caller],
        customer: Party {
            kind: customer,
            call,
        },
        agent: Party {
            kind: agent,
            call: answered,
        },
        id,
    }
}

/// Somebody's phone rings for the call and is answered.
fn comes(talk: &Talk, phone: &Phone, kind: Kind) -> Party {
    let call = phone.wait_ring(seconds(5)).unwrap().answer().unwrap();
    kind.speak(&call, THIRD_HZ);
    talk.world.wait_agent("cleo", "on_call", seconds(5));
    if kind == Kind::Browser {
        let has_keys = || call.shield().is_connected();
        until(seconds(5), has_keys, || "no keys".to_owned());
    }
    Party { kind, call }
}

fn listened(supervisor: Kind, agent: Kind, customer: Kind) {
    let talk = talk(customer, agent);
    let phone = supervisor.registered(&talk.world, "cleo", "2003");
    let ask = |mode: &str| {
        let body = json!({ "mode": mode, "extension": "2003" });
        done(&talk.world, &talk.id, "monitor", &body);
    };
    ask("listen");
    let third = comes(&talk, &phone, supervisor);
    let (customer, agent) = (&talk.customer, &talk.agent);
    let listens = [true, true, false];
    ears(
        "listen",
        &[
            (customer, [false, true, false]),
            (agent, [true, false, false]),
            (&third, listens),
        ],
    );
    ask("whisper");
    ears(
        "whisper",
        &[
            (customer, [false, true, false]),
            (agent, [true, false, true]),
            (&third, listens),
        ],
    );
    ask("barge");
    ears(
        "barge",
        &[
            (customer, [false, true, true]),
            (agent, [true, false, true]),
            (&third, listens),
        ],
    );
    // And back: nothing of the barge is left.
    ask("listen");
    ears(
        "listen again",
        &[
            (customer, [false, true, false]),
            (agent, [true, false, false]),
        ],
    );
    ask("take_over");
    agent.call.wait_ended(seconds(5)).unwrap();
    ears(
        "take over",
        &[
            (customer, [false, false, true]),
            (&third, [true, false, false]),
        ],
    );
}

#[test]
fn a_phone_listens_to_g722_and_whispers_to_it_unheard_by_the_customer() {
    listened(Kind::Pcmu, Kind::G722, Kind::Pcmu);
}

#[test]
fn a_g722_phone_listens_to_a_g722_customer() {
    listened(Kind::G722, Kind::Pcmu, Kind::G722);
}

#[test]
fn a_browser_listens_to_phones_of_pcmu() {
    listened(Kind::Browser, Kind::Pcmu, Kind::Pcmu);
}

#[test]
fn a_browser_listens_to_phones_of_g722() {
    listened(Kind::Browser, Kind::G722, Kind::G722);
}

fn three_way(colleague: Kind, agent: Kind, customer: Kind) {
    let talk = talk(customer, agent);
    let phone = colleague.registered(&talk.world, "cleo", "2003");
    done(
        &talk.world,
        &talk.id,
        "consult",
        &json!({ "to": { "agent": "cleo" } }),
    );
    let third = comes(&talk, &phone, colleague);
    let (customer, agent) = (&talk.customer, &talk.agent);
    // The customer, who waits, hears neither and is heard by neither.
    ears(
        "consultation",
        &[
            (customer, [false; 3]),
            (agent, [false, false, true]),
            (&third, [false, true, false]),
        ],
    );
    done(&talk.world, &talk.id, "merge", &Value::Null);
    ears(
        "three",
        &[
            (customer, [false, true, true]),
            (agent, [true, false, true]),
            (&third, [true, true, false]),
        ],
    );
}

#[test]
fn three_phones_of_both_codecs_hear_all_but_themselves() {
    three_way(Kind::G722, Kind::Pcmu, Kind::G722);
}

#[test]
fn a_browser_between_phones_hears_all_but_itself() {
    three_way(Kind::Browser, Kind::G722, Kind::Pcmu);
}
