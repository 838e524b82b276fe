//! A contact centre whose rules a test writes: the queues support and sales, the agents Ana, Ben and Cleo; key 2 leads to
//! support, key 1 to sales. And what the record and the log say of a decision.
//!
//! **Owns**: nothing but these steps. **Must not know**: which rule a test is about.

use crate::support::phone::{Call, IncomingCall, Phone, seconds};
use crate::support::world::{COMPANY, FLOW, Plan, World};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::time::{Duration, Instant};

/// Longer than a busy machine needs; who waits for a condition gets it at once on a quiet one.
pub(crate) const LONG: Duration = Duration::from_secs(15);

/// The lines of the company file that a test is about.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Of the queues `support` and `sales`, whose after-call work is none unless it says otherwise.
    pub(crate) queues: [&'static str; 2],
    /// Of Ana, Ben and Cleo.
    pub(crate) agents: [&'static str; 3],
    /// Of the table `[routing]`.
    pub(crate) routing: &'static str,
    /// Of the flow's step for support, such as `, skills: { spanish: 2 }`.
    pub(crate) step: &'static str,
    /// What waiting callers hear after 3 s of music, and a condition: `play: busy`.
    pub(crate) wait: &'static str,
}

/// Everybody serves support in tier 1.
const SERVES: &str = "queues = { support = 1 }";

impl Default for Rules {
    fn default() -> Self {
        Self {
            queues: ["", ""],
            agents: [SERVES; 3],
            routing: "",
            step: "",
            wait: "play: busy",
        }
    }
}

impl Rules {
    pub(crate) fn start(&self) -> World {
        // An exit that a step names comes before the queue's own way: it names one.
        let exits = "use: wait, exits: { answered: goodbye, timeout: sorry, full: sorry, closed: sorry, no_agents: sorry }";
        let sales = "    - queue: { to: sales, use: wait }\n";
        let flow = FLOW
            .replace(
                "1: { go: goodbye, label: Nothing }",
                "1: { go: buy, label: Buy }",
            )
            .replace(
                "  sorry:\n    - play",
                &format!("  buy:\n{sales}  sorry:\n    - play"),
            )
            .replace(
                exits,
                &format!("use: wait{}, exits: {{ answered: goodbye }}", self.step),
            );
        assert!(!flow.contains(exits), "{flow}");
        let flow = flow.replace("      - play: busy\n", &format!("      - {}\n", self.wait));
        World::with(&Plan {
            company: self.company(),
            flow,
            ..Plan::default()
        })
    }

    /// The text of the company file.
    pub(crate) fn company(&self) -> String {
        let [support, sales] = self.queues;
        let usual = |lines: &str, key: &str, value: &str| match lines.contains(&format!("{key} ="))
        {
            true => String::new(),
            false => format!("{key} = \"{value}\"\n"),
        };
        let wrap_up = |lines: &str| usual(lines, "wrap_up", "0s");
        let mut company = COMPANY
            .replace("skills = { billing = 3 }\n", &format!("{support}\n"))
            .replace("wrap_up = \"1s\"\n", &wrap_up(support))
            .replace(
                "ring_timeout = \"4s\"\n",
                &usual(support, "ring_timeout", "4s"),
            );
        company = company.replacen(
            "[[queues]]",
            &format!(
                "[[skills]]\nname = \"spanish\"\n\n[[queues]]\nname = \"sales\"\n{}{sales}\n\n[[queues]]",
                wrap_up(sales)
            ),
            1,
        );
        for (login, lines) in ["ana", "ben", "cleo"].into_iter().zip(self.agents) {
            let (head, own) = company.split_once(&format!("login = \"{login}\"")).unwrap();
            let (own, rest) = own.split_once("ready_on_register").unwrap();
            let kept = own
                .lines()
                .filter(|line| !line.starts_with("skills") && !line.starts_with("queues"));
            let own: Vec<&str> = kept.collect();
            company = format!(
                "{head}login = \"{login}\"{}\n{lines}\nready_on_register{rest}",
                own.join("\n")
            );
        }
        format!("{company}\n[routing]\n{}\n", self.routing)
    }

    /// Saves these rules in the place of those it runs with, and waits until they are taken.
    pub(crate) fn save(&self, world: &World) {
        let taken = || {
            world
                .log()
                .matches("the company file was read again")
                .count()
        };
        let before = taken();
        std::fs::write(world.root().join("company.toml"), self.company()).unwrap();
        let until = Instant::now() + LONG;
        while taken() == before {
            assert!(Instant::now() < until, "not taken:\n{}", world.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A phone that may be rung as soon as it registers.
pub(crate) fn comes(world: &World, login: &str) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let extension = match login {
        "ana" => "2001",
        "ben" => "2002",
        _ => "2003",
    };
    let password = format!("word-of-{login}");
    phone.register(world.sip, extension, &password).unwrap();
    phone
}

/// The same, who is available before anybody else is.
pub(crate) fn is_here(world: &World, login: &str) -> Phone {
    let phone = comes(world, login);
    world.wait_agent(login, "available", LONG);
    phone
}

/// A customer's phone and its call.
#[derive(Debug)]
pub(crate) struct Caller {
    call: Call,
    _phone: Phone,
}

impl Deref for Caller {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

/// A customer who calls and presses this key.
pub(crate) fn calls(world: &World, key: &str) -> Caller {
    let phone = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = phone.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(LONG).unwrap();
    call.press(key);
    Caller {
        call,
        _phone: phone,
    }
}

/// The same, who is the last of so many in the line of a queue: with the interaction.
pub(crate) fn waits(world: &World, key: &str, (queue, count): (&str, usize)) -> (Caller, String) {
    let caller = calls(world, key);
    let line = line(world, queue, |line| line.len() == count);
    // By arrival: the place follows other rules.
    let newest = line
        .iter()
        .max_by_key(|entry| entry["enqueued_at"].as_str())
        .unwrap();
    (caller, newest["interaction"].as_str().unwrap().to_owned())
}

/// Who waits in a queue, in their order, once it is as wanted.
pub(crate) fn line(world: &World, queue: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let waiting = |queue: &Value| queue["waiting"].as_array().unwrap().clone();
    let path = format!("/queues/{queue}");
    waiting(&world.wait_for(&path, LONG, |queue| wanted(&waiting(queue))))
}

pub(crate) fn rings(phone: &Phone) -> IncomingCall {
    phone.wait_ring(LONG).unwrap()
}

/// Whose call rings.
pub(crate) fn interaction(ringing: &IncomingCall) -> String {
    ringing.header("X-Cordboard-Interaction").unwrap()
}

/// The phone rings for this caller, or for anybody, and is answered: the interaction and the call.
pub(crate) fn talks(world: &World, login: &str, phone: &Phone) -> (String, Call) {
    let ringing = rings(phone);
    let id = interaction(&ringing);
    let talk = ringing.answer().unwrap();
    world.wait_agent(login, "on_call", LONG);
    (id, talk)
}

/// The caller hangs up, the agent's phone hears of it.
pub(crate) fn end(caller: &Call, talk: &Call) {
    caller.hang_up();
    talk.wait_ended(LONG).unwrap();
}

/// The decisions about an interaction, once there are so many. It may not be in the record yet.
pub(crate) fn decisions(world: &World, interaction: &str, count: usize) -> Vec<Value> {
    let path = format!("/api/v1/interactions/{interaction}/decisions");
    let until = Instant::now() + LONG;
    loop {
        let (status, _, body) = world.http("GET", &path, None, &[]);
        let list: Value = serde_json::from_slice(&body).unwrap();
        if let Some(items) = list["items"].as_array().filter(|all| all.len() >= count) {
            return items.clone();
        }
        assert!(Instant::now() < until, "{status} {list:#}\n{}", world.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whom the only decision about an interaction chose, and what decided.
pub(crate) fn decided(world: &World, interaction: &str) -> (String, String) {
    let all = decisions(world, interaction, 1);
    assert_eq!(all.len(), 1, "{all:#?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&all[0]["chosen"]["agent"]), text(&all[0]["tie_break"]))
}

/// The first lines of the event log of these kinds, in their order, once they have come.
pub(crate) fn logged<const N: usize>(
    world: &World,
    wanted: [&dyn Fn(&Value) -> bool; N],
) -> [Value; N] {
    let stream = TcpStream::connect(world.http).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let (host, token) = (world.http, world.token());
    write!(
        &stream,
        "GET /api/v1/events?after=0 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .unwrap();
    let until = Instant::now() + LONG;
    let mut lines = BufReader::new(stream).lines();
    let mut seen = Vec::new();
    wanted.map(|wanted| {
        loop {
            assert!(Instant::now() < until, "not logged: {seen:#?}");
            let line = lines.next().unwrap().unwrap_or_else(|error| {
                panic!("not logged ({error}): {seen:#?}");
            });
            let Some(data) = line.strip_prefix("data: ") else {
                continue;
            };
            let event: Value = serde_json::from_str(data).unwrap();
            if wanted(&event) {
                return event;
            }
            seen.push(event);
        }
    })
}

/// When something of the log happened, in seconds.
pub(crate) fn moment(event: &Value) -> f64 {
    let at: jiff::Timestamp = event["at"].as_str().unwrap().parse().unwrap();
    at.as_duration().as_secs_f64()
}

/// Whether a line of the log tells the supervisor this.
pub(crate) fn tells(what: &str) -> impl Fn(&Value) -> bool {
    move |event| event["kind"] == "supervisor_told" && event["what"] == what
}

/// Nothing has rung here so far; for agents who must not be asked.
pub(crate) fn quiet(phone: &Phone) {
    phone.expect_quiet(seconds(0)).unwrap();
}
