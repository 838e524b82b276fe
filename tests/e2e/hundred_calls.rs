//! A hundred calls, three agents of whom one lacks the skill and is idle longest: every offer goes as the routing
//! rules say. The judge is a recomputation from the event log that shares no code with the router.

use crate::support::patience::until;
use crate::support::phone::{Phone, Sending, seconds};
use crate::support::world::{COMPANY, Plan, World};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How an agent treats the next ring.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Decline,
    Ignore,
}

#[derive(Debug, Default)]
struct Office {
    manners: Mutex<VecDeque<Manner>>,
    closed: AtomicBool,
    rang: Mutex<Vec<&'static str>>,
}

#[test]
fn every_offer_of_a_hundred_calls_goes_as_the_rules_say() {
    let company = COMPANY
        .replace("wrap_up = \"1s\"", "wrap_up = \"200ms\"")
        .replace("ring_timeout = \"4s\"", "ring_timeout = \"2s\"")
        + "\n[routing]\nmiss_cooldown = \"500ms\"\nexclude_for = \"30s\"\n";
    let world = World::with(&Plan {
        company,
        ..Plan::default()
    });
    let office = Arc::new(Office::default());
    let mut agents = Vec::new();
    // Cleo first: idle longest, and without the skill.
    for (extension, login) in [("2003", "cleo"), ("2001", "ana"), ("2002", "ben")] {
        let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
        phone
            .register(world.sip, extension, &format!("word-of-{login}"))
            .unwrap();
        world.wait_agent(login, "available", seconds(3));
        let office = office.clone();
        agents.push(std::thread::spawn(move || serve(&phone, login, &office)));
    }

    calls(&world, 48, 4);
    office.manners.lock().unwrap().push_back(Manner::Decline);
    calls(&world, 1, 1);
    office.manners.lock().unwrap().push_back(Manner::Ignore);
    calls(&world, 1, 1);
    hang_up_while_it_rings(&world, &office);
    calls(&world, 49, 4);

    let list = world.wait_for("/interactions?limit=500", seconds(10), |list| {
        let items = list["items"].as_array().unwrap();
        items.len() == 100 && items.iter().all(|item| !item["ended_at"].is_null())
    });
    office.closed.store(true, Ordering::Relaxed);
    for agent in agents {
        agent.join().unwrap();
    }
    assert!(
        !office.rang.lock().unwrap().contains(&"cleo"),
        "an agent without the skill was rung"
    );
    let answered = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["outcome"] == "answered")
        .count();
    assert_eq!(answered, 99);
    numbers_add_up(&world);
    let log = event_log(&world);
    let decided = Judge::new(&world).judge(&log);
    assert!(
        decided >= 102,
        "100 calls, one decline, one no answer: {decided} decisions"
    );
    agree_with_the_api(&world, &list, &log);
    let again = crate::replay::replayed(&world, &[]);
    assert_eq!(again["same"], true, "{again:#}");
    assert_eq!(again["decisions"], decided, "{again:#}");
}

/// An agent's phone: answers, talks until the caller leaves; now and then declines or ignores.
fn serve(phone: &Phone, login: &'static str, office: &Office) {
    while !office.closed.load(Ordering::Relaxed) {
        let Ok(ringing) = phone.rings_within(Duration::from_millis(200)) else {
            continue;
        };
        office.rang.lock().unwrap().push(login);
        let manner = office.manners.lock().unwrap().pop_front();
        match manner {
            Some(Manner::Decline) => ringing.decline(486),
            Some(Manner::Ignore) => {
                ringing.ignore();
            }
            None => {
                if let Ok(talk) = ringing.answer() {
                    talk.send(Sending::Tone(1_300.0));
                    let _ = talk.wait_ended(seconds(30));
                }
            }
        }
    }
}

/// `count` calls, `at_once` at a time; each talks for a moment.
fn calls(world: &World, count: usize, at_once: usize) {
    let sip = world.sip;
    let callers: Vec<_> = (0..at_once)
        .map(|caller| {
            let share = count / at_once + usize::from(caller < count % at_once);
            std::thread::spawn(move || {
                let phone = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
                for _ in 0..share {
                    let call = phone
                        .call(sip, "9000", &format!("60011122{caller}"))
                        .unwrap();
                    call.wait_answered(seconds(5)).unwrap();
                    call.press("2");
                    call.wait_tone(1_300.0, seconds(30)).unwrap();
                    call.hang_up();
                    call.wait_ended(seconds(3)).unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.join().unwrap();
    }
}

fn hang_up_while_it_rings(world: &World, office: &Office) {
    office.manners.lock().unwrap().push_back(Manner::Ignore);
    let before = office.rang.lock().unwrap().len();
    let phone = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = phone.call(world.sip, "9000", "600111229").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.press("2");
    let rings = || office.rang.lock().unwrap().len() > before;
    until(seconds(30), rings, || "nobody was rung".to_owned());
    call.hang_up();
    call.wait_ended(seconds(3)).unwrap();
    world.wait_for("/agents", seconds(3), |agents| {
        agents["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|agent| agent["state"] != "offered")
    });
}

/// As an operator asks, beside the running server.
fn numbers_add_up(world: &World) {
    let out = Command::new(env!("CARGO_BIN_EXE_cordboard"))
        .args(["metrics", "verify", "--config"])
        .arg(world.root().join("cordboard.toml"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{text}");
    assert!(text.contains("entered 100 = left 100"), "{text}");
    assert!(text.contains(" 0 of them not as the log says"), "{text}");
}

/// The one event log, in order.
fn event_log(world: &World) -> Vec<Value> {
    let out = Command::new("sqlite3")
        .arg("-readonly")
        .arg(world.root().join("data/cordboard.db"))
        .arg("SELECT json_object('seq', seq, 'at', at, 'event', json(payload)) FROM events ORDER BY seq")
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[derive(Clone, Debug)]
struct Agent {
    state: String,
    idle: (i64, u64, String),
    skilled: bool,
}

#[derive(Clone, Debug)]
struct Waiting {
    v: i64,
    seq: u64,
    excluded: Vec<(String, i64)>,
    free: bool,
}

/// The rules once more: one queue, one tier, one skill.
#[derive(Debug)]
struct Judge {
    agents: BTreeMap<String, Agent>,
    waiting: BTreeMap<String, Waiting>,
    by_interaction: BTreeMap<String, String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Judge {
    fn new(world: &World) -> Self {
        let list = world.get("/agents");
        let agents = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| {
                let id = text(&agent["id"]);
                let skilled = agent["login"] != "cleo";
                (
                    id.clone(),
                    Agent {
                        state: "offline".to_owned(),
                        idle: (0, 0, id),
                        skilled,
                    },
                )
            })
            .collect();
        Self {
            agents,
            waiting: BTreeMap::new(),
            by_interaction: BTreeMap::new(),
        }
    }

    /// Goes through the log; returns how many decisions agreed with the rules.
    fn judge(mut self, log: &[Value]) -> usize {
        let mut agreed = 0;
        for line in log {
            let (event, at) = (&line["event"], line["at"].as_i64().unwrap());
            match event["kind"].as_str().unwrap() {
                "agent_state_changed" => {
                    let id = text(&event["agent"]);
                    let agent = self.agents.get_mut(&id).unwrap();
                    agent.state = text(&event["to"]);
                    agent.idle = (
                        event["idle_since"].as_i64().unwrap(),
                        event["ready_seq"].as_u64().unwrap(),
                        id,
                    );
                }
                "queue_entered" => {
                    let entry = text(&event["entry"]);
                    self.by_interaction
                        .insert(text(&event["interaction"]), entry.clone());
                    let waiting = Waiting {
                        v: event["v"].as_i64().unwrap(),
                        seq: event["entry_seq"].as_u64().unwrap(),
                        excluded: Vec::new(),
                        free: true,
                    };
                    self.waiting.insert(entry, waiting);
                }
                "queue_left" => {
                    self.waiting.remove(event["entry"].as_str().unwrap());
                }
                "offer_made" => {
                    self.waiting
                        .get_mut(event["entry"].as_str().unwrap())
                        .unwrap()
                        .free = false
                }
                "offer_ended" => self.offer_ended(event, at),
                "decided" => {
                    self.decided(&event["decision"], at, line);
                    agreed += 1;
                }
                _ => {}
            }
        }
        agreed
    }

    fn offer_ended(&mut self, event: &Value, at: i64) {
        let Some(entry) = self
            .by_interaction
            .get(event["interaction"].as_str().unwrap())
        else {
            return;
        };
        let Some(waiting) = self.waiting.get_mut(entry) else {
            return;
        };
        waiting.free = true;
        if ["declined", "no_answer"].contains(&event["outcome"].as_str().unwrap()) {
            waiting.excluded.push((text(&event["agent"]), at + 30_000));
        }
    }

    fn decided(&self, decision: &Value, at: i64, line: &Value) {
        let chosen = &decision["chosen"];
        let (agent, entry) = (text(&chosen["agent"]), text(&chosen["entry"]));
        let excluded = |waiting: &Waiting, agent: &str| {
            waiting
                .excluded
                .iter()
                .any(|(who, until)| who == agent && *until > at)
        };
        let ready: Vec<(&String, &Agent)> = self
            .agents
            .iter()
            .filter(|(_, agent)| agent.state == "available" && agent.skilled)
            .collect();
        assert!(
            ready.iter().any(|(id, _)| **id == agent),
            "the chosen agent is ready and skilled: {line:#}"
        );
        if decision["kind"] == "ready" {
            let best = self
                .waiting
                .iter()
                .filter(|(_, waiting)| waiting.free)
                .filter(|(_, waiting)| {
                    !excluded(waiting, &agent) || ready.iter().all(|(id, _)| excluded(waiting, id))
                })
                .min_by_key(|(_, waiting)| (waiting.v, waiting.seq))
                .map(|(id, _)| id.clone());
            assert_eq!(
                best.as_ref(),
                Some(&entry),
                "the caller who waited longest: {line:#}"
            );
        } else {
            let waiting = &self.waiting[&entry];
            let fresh: Vec<_> = ready
                .iter()
                .filter(|(id, _)| !excluded(waiting, id))
                .collect();
            let pool = if fresh.is_empty() {
                ready.iter().collect()
            } else {
                fresh
            };
            let best = pool
                .iter()
                .min_by_key(|(_, agent)| agent.idle.clone())
                .map(|(id, _)| (*id).clone());
            assert_eq!(
                best.as_ref(),
                Some(&agent),
                "the agent idle longest: {line:#}"
            );
        }
    }
}

/// What the API tells of each interaction's decisions is what the log holds.
fn agree_with_the_api(world: &World, list: &Value, log: &[Value]) {
    for item in list["items"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        let told = world.get(&format!("/interactions/{id}/decisions"));
        let told: Vec<&Value> = told["items"].as_array().unwrap().iter().collect();
        let logged: Vec<&Value> = log
            .iter()
            .map(|line| &line["event"]["decision"])
            .filter(|decision| decision["interaction"] == id)
            .collect();
        assert_eq!(told.len(), logged.len(), "decisions of {id}");
        for (told, logged) in told.iter().zip(&logged) {
            for key in ["chosen", "candidates", "removed", "tie_break"] {
                assert!(!told[key].is_null(), "{key} of {told:#}");
            }
            assert_eq!(told["chosen"]["agent_id"], logged["chosen"]["agent"]);
            assert_eq!(told["chosen"]["entry"], logged["chosen"]["entry"]);
        }
    }
}
