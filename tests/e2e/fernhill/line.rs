//! The line of the example in a folder of its own, and those who call it.
//!
//! **Owns**: what differs from the example's files: passwords, after-call work, opening hours, the shop's address, and
//! tones in place of voices. Nothing else does. **Must not know**: what a test is about.

use super::ears::{Ears, MUSIC, Tones};
use crate::hold::{AGENT_HZ, CUSTOMER_HZ};
use crate::support::patience::{eventually, until};
use crate::support::phone::{Call, End, IncomingCall, Phone, Sending, seconds};
use crate::support::world::{Plan, World};
use ivr_flows::Flow;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

const COMPANY: &str = include_str!("../../../ivr-flows/examples/fernhill/company.toml");
const CUSTOMERS: &str = include_str!("../../../ivr-flows/examples/fernhill/customers.toml");
const FLOW: &str = include_str!("../../../ivr-flows/examples/fernhill/flows/support.flow.yaml");
/// Where the example's shop is.
const SHOP: &str = "127.0.0.1:8095";

pub(super) fn flow() -> Flow {
    ivr_flows::parse(FLOW, "support.flow.yaml").unwrap()
}

/// Whether the workshop is open; the line itself always is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Workshop {
    Open,
    Closed,
}

/// The contact centre.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) world: World,
    tones: Tones,
    callers: AtomicU32,
}

impl Line {
    pub(super) fn start(workshop: Workshop, shop: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tones = Tones::write(&flow(), &folder.path().join("prompts"));
        let plan = Plan {
            company: company(),
            flow: at_hours(FLOW, workshop).replace(SHOP, &shop.to_string()),
            settings: "[flows]\nmay_reach = [\"127.0.0.1\"]\n".to_owned(),
            ..Plan::default()
        };
        assert_ne!(plan.flow, at_hours(FLOW, workshop), "no shop in the flow");
        let world = World::in_folder(folder, &plan);
        Self {
            world,
            tones,
            callers: AtomicU32::new(0),
        }
    }

    /// A stranger's number that nobody has called from.
    fn stranger(&self) -> String {
        let n = self.callers.fetch_add(1, Ordering::Relaxed);
        format!("+34600777{n:03}")
    }

    /// Enters a customer of the example; their main number.
    pub(super) fn customer(&self, name: &str) -> String {
        let file: toml::Table = toml::from_str(CUSTOMERS).unwrap();
        let mut all = file["customers"].as_array().unwrap().iter();
        let one = all.find(|one| one["name"].as_str() == Some(name)).unwrap();
        let body = json!({
            "name": name, "language": one["language"], "tier": one["tier"], "numbers": one["numbers"],
        });
        let (status, _, made) = self
            .world
            .http("POST", "/api/v1/customers", Some(&body), &[]);
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&made));
        one["numbers"][0].as_str().unwrap().to_owned()
    }

    /// A call from this number.
    pub(super) fn call(&self, number: String) -> Caller<'_> {
        let phone = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
        let call = phone.call(self.world.sip, "9000", &number).unwrap();
        call.wait_answered(seconds(20)).unwrap();
        call.send(Sending::Silence);
        let ears = Mutex::default();
        Caller {
            line: self,
            _phone: phone,
            call,
            number,
            language: "en",
            ears,
        }
    }

    /// A stranger who has chosen the language in the menu and has heard the menu in it.
    pub(super) fn stranger_in(&self, language: &'static str) -> Caller<'_> {
        let mut caller = self.call(self.stranger());
        caller.hears(&["greeting", "main-menu"]);
        if language == "es" {
            caller.press("8");
            caller.language = "es";
            caller.hears(&["main-menu"]);
        }
        caller
    }

    /// Runs a story for both languages at once: who called.
    pub(super) fn in_both(
        &self,
        story: impl Fn(&'static str) -> Vec<String> + Sync,
    ) -> Vec<String> {
        let story = &story;
        std::thread::scope(|scope| {
            let both = super::LANGUAGES.map(|language| scope.spawn(move || story(language)));
            both.into_iter()
                .flat_map(|one| one.join().unwrap())
                .collect()
        })
    }

    /// What is written of the call from this number, once it is over.
    pub(super) fn record(&self, number: &str) -> Value {
        let ended = |one: &Value| one["caller_number"] == number && !one["ended_at"].is_null();
        let list = self
            .world
            .wait_for("/interactions?limit=100", seconds(20), |list| {
                list["items"].as_array().unwrap().iter().any(ended)
            });
        let one = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| ended(one))
            .unwrap();
        let path = format!("/interactions/{}", one["id"].as_str().unwrap());
        self.world.wait_for(&path, seconds(20), |whole| {
            let recordings = whole["recordings"].as_array().unwrap();
            recordings
                .iter()
                .all(|one| !one["frames"].is_null() || !one["duration"].is_null())
        })
    }

    /// Waits until the records of these calls name all these blocks: their last lines come a moment later.
    pub(super) fn wait_blocks(&self, callers: &[String], blocks: &BTreeSet<&str>) {
        let passed = || -> BTreeSet<String> {
            let records = callers.iter().map(|number| self.record(number));
            let events = records.flat_map(|record| record["events"].as_array().unwrap().clone());
            let steps = events.filter(|event| event["kind"] == "step_entered");
            steps
                .map(|step| step["block"].as_str().unwrap().to_owned())
                .collect()
        };
        let all = || {
            let passed = passed();
            blocks.iter().all(|block| passed.contains(*block))
        };
        until(seconds(20), all, || {
            format!("{blocks:?} are not all in {:?}", passed())
        });
    }
}

fn company() -> String {
    let mut out = String::new();
    for line in COMPANY.lines() {
        match line.split_once(" = ") {
            Some(("wrap_up", _)) => out.push_str("wrap_up = \"1s\""),
            Some(("login", login)) => {
                let login = login.trim_matches('"');
                out.push_str(&format!("{line}\npassword = \"word-of-{login}\""));
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// The calendar of every day, or of a single far one, whatever day it is.
fn at_hours(flow: &str, workshop: Workshop) -> String {
    let hours = match workshop {
        Workshop::Open => "    week: { mon-sun: \"00:00-24:00\" }\n    closed_on: []\n",
        Workshop::Closed => {
            "    week: {}\n    closed_on: []\n    also_open: { \"2099-01-01\": \"00:00-00:01\" }\n"
        }
    };
    let mut out = String::new();
    for line in flow.split_inclusive('\n') {
        match line.trim_start().split(':').next() {
            Some("week") => out.push_str(hours),
            Some("closed_on" | "also_open") => {}
            _ => out.push_str(line),
        }
    }
    out
}

/// Somebody who calls the line and knows every prompt.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    line: &'a Line,
    _phone: Phone,
    pub(super) call: Call,
    pub(super) number: String,
    /// Which language the next prompts are expected in.
    pub(super) language: &'static str,
    /// What was heard, and how much of it was expected already.
    ears: Mutex<(Ears, usize)>,
}

impl Caller<'_> {
    /// Waits until the next prompts are these, in the caller's language, and no other between them.
    pub(super) fn hears(&self, prompts: &[&str]) {
        for prompt in prompts {
            let wanted = match *prompt {
                MUSIC => MUSIC.to_owned(),
                _ => format!("{}/{prompt}", self.language),
            };
            let next = self.next();
            assert_eq!(
                next,
                wanted,
                "{}: {:?}",
                self.number,
                self.ears.lock().unwrap().0
            );
        }
    }

    /// The same for one prompt, whatever is heard before it.
    pub(super) fn hears_at_last(&self, prompt: &str) {
        let wanted = format!("{}/{prompt}", self.language);
        while self.next() != wanted {}
    }

    /// Waits until the last prompt, which is this one, plays once more.
    pub(super) fn hears_again(&self, prompt: &str) {
        let wanted = format!("{}/{prompt}", self.language);
        let again = || {
            let mut held = self.ears.lock().unwrap();
            let (ears, expected) = &mut *held;
            ears.listen(&self.line.tones, &self.call.heard().samples());
            let is_new = ears
                .heard()
                .get(*expected)
                .is_some_and(|next| *next == wanted);
            *expected += usize::from(is_new);
            (is_new || ears.goes_on(&wanted)).then_some(())
        };
        let told = || format!("{} heard {:?}", self.number, self.ears.lock().unwrap().0);
        eventually(seconds(20), again, told);
    }

    fn next(&self) -> String {
        let look = || {
            let mut held = self.ears.lock().unwrap();
            let (ears, expected) = &mut *held;
            ears.listen(&self.line.tones, &self.call.heard().samples());
            let next = ears.heard().get(*expected)?.clone();
            *expected += 1;
            Some(next)
        };
        let told = || format!("{} heard {:?}", self.number, self.ears.lock().unwrap().0);
        // The longest silence is 6 s; music is 30 s long.
        eventually(seconds(60), look, told)
    }

    pub(super) fn press(&self, keys: &str) {
        self.call.press(keys);
    }

    /// Hears what is said before the queue, says nothing to it, and then the music.
    pub(super) fn waits(&self) {
        self.hears(&["one-moment", "recorded", MUSIC]);
    }

    /// The line ends the call.
    pub(super) fn left_by_line(self) -> String {
        assert_eq!(self.call.wait_ended(seconds(20)).unwrap(), End::TheyHungUp);
        self.number
    }

    pub(super) fn hangs_up(self) -> String {
        self.call.hang_up();
        self.number
    }

    /// The agent answers, and both hear each other.
    pub(super) fn talks(&self, ringing: IncomingCall) -> Call {
        let talk = ringing.answer().unwrap();
        self.call.send(Sending::Tone(CUSTOMER_HZ));
        talk.send(Sending::Tone(AGENT_HZ));
        self.call.wait_tone(AGENT_HZ, seconds(20)).unwrap();
        talk.wait_tone(CUSTOMER_HZ, seconds(20)).unwrap();
        talk
    }
}

/// The example's agents.
const EXTENSIONS: [(&str, &str); 3] = [("ana", "2001"), ("ben", "2002"), ("chloe", "2003")];

/// An agent's phone, which may ring at once.
pub(super) fn comes(line: &Line, login: &str) -> Phone {
    let (_, extension) = EXTENSIONS.iter().find(|(name, _)| *name == login).unwrap();
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let password = format!("word-of-{login}");
    phone
        .register(line.world.sip, extension, &password)
        .unwrap();
    phone
}

/// The same of somebody whom nobody waits for.
pub(super) fn is_here(line: &Line, login: &str) -> Phone {
    let phone = comes(line, login);
    line.world.wait_agent(login, "available", seconds(20));
    phone
}
