//! Calls that go on whatever happens, and the join of what their phones saw with the record.
//!
//! **Owns**: one agent, one customer with a new number for each call, the ledger. **Must not know**: faults.

use crate::support::patience::until;
use crate::support::phone::{Call, Phone, Sending, seconds};
use crate::support::world::{self, World};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) const CUSTOMER_HZ: f64 = 420.0;
pub(crate) const AGENT_HZ: f64 = 1_300.0;

/// Ana at her phone, and customers.
pub(crate) struct Line {
    agent: Phone,
    customer: Phone,
    talked: Vec<String>,
}

/// A talk that runs.
pub(crate) struct Talk {
    pub(crate) customer: Call,
    pub(crate) agent: Call,
    pub(crate) began: Instant,
    pub(crate) number: String,
}

impl Line {
    /// Ana registers.
    pub(crate) fn open(world: &World) -> Self {
        let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
        agent.register(world.sip, "2001", "word-of-ana").unwrap();
        world.wait_agent("ana", "available", seconds(10));
        Self {
            agent,
            customer: Phone::start("127.0.0.2".parse().unwrap()).unwrap(),
            talked: Vec::new(),
        }
    }

    /// A customer calls, chooses, and talks with Ana; both are heard.
    pub(crate) fn begin(&mut self, world: &World) -> Talk {
        let number = format!("600{:06}", 1 + self.talked.len());
        let customer = self.customer.call(world.sip, "9000", &number).unwrap();
        customer.wait_answered(seconds(10)).unwrap();
        customer.press("2");
        let agent = self.agent.wait_ring(seconds(10)).unwrap().answer().unwrap();
        agent.send(Sending::Tone(AGENT_HZ));
        customer.send(Sending::Tone(CUSTOMER_HZ));
        let began = customer.wait_tone(AGENT_HZ, seconds(5)).unwrap();
        agent.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
        self.talked.push(number.clone());
        Talk {
            customer,
            agent,
            began,
            number,
        }
    }

    /// A whole call, until Ana is free again.
    pub(crate) fn whole(&mut self, world: &World) {
        let talk = self.begin(world);
        std::thread::sleep(Duration::from_millis(500));
        self.end(world, &talk);
    }

    /// The customer hangs up; Ana is free again after her wrap-up. Her state is asked of the live side.
    pub(crate) fn end(&self, world: &World, talk: &Talk) {
        talk.customer.hang_up();
        talk.agent.wait_ended(seconds(5)).unwrap();
        world.wait_agent("ana", "available", seconds(10));
    }

    /// Whole calls until the time is over, at least one.
    pub(crate) fn keep_calling(&mut self, world: &World, time: Duration) -> usize {
        let until = Instant::now() + time;
        let before = self.talked.len();
        loop {
            self.whole(world);
            if Instant::now() >= until {
                return self.talked.len() - before;
            }
        }
    }

    /// A customer who comes, hears the menu and leaves. Not one of the talks.
    pub(crate) fn begin_elsewhere(&self, world: &World) {
        let call = self.customer.call(world.sip, "9000", "699999999").unwrap();
        call.wait_answered(seconds(10)).unwrap();
        call.hang_up();
        std::thread::sleep(Duration::from_millis(500));
    }

    /// A customer who is only told to come back: the answer's whole text.
    pub(crate) fn refused(&self, world: &World) -> String {
        let call = self.customer.call(world.sip, "9000", "699999999").unwrap();
        let ended = call.wait_ended(seconds(5)).unwrap();
        let told = self.customer.transcript();
        assert_eq!(format!("{ended:?}"), "Rejected(503)", "{}", world.log());
        told.rsplit("SIP/2.0 503").next().unwrap().to_owned()
    }

    /// Every talk has one ended, answered interaction with one finished recording that opens, no other interaction
    /// has a talk's number, nothing is open, and each line of the log is there once.
    pub(crate) fn reconcile(&self, world: &World, limit: Duration) {
        let told = || format!("{:?}\n{}", self.compare(world), world.log());
        until(limit, || self.compare(world).is_none(), told);
    }

    fn compare(&self, world: &World) -> Option<String> {
        let rows = world.query(
            "SELECT i.caller_number, i.outcome, i.end_cause, i.ended_at IS NOT NULL, count(r.id), \
             sum(r.finished_at IS NOT NULL), i.started_at <= i.answered_at AND i.answered_at <= i.connected_at \
             AND i.connected_at <= i.ended_at \
             FROM interactions i LEFT JOIN recordings r ON r.interaction_id = i.id GROUP BY i.id ORDER BY i.id",
        );
        let talks: Vec<_> = rows
            .iter()
            .filter(|row| !row[0].ends_with("699999999"))
            .collect();
        if talks.len() != self.talked.len() {
            return Some(format!(
                "{} talks, {} rows: {rows:?}",
                self.talked.len(),
                talks.len()
            ));
        }
        // Ids sort by time, and so do the calls.
        for (row, number) in talks.iter().zip(&self.talked) {
            let rest: Vec<&str> = row[1..].iter().map(String::as_str).collect();
            if !row[0].ends_with(number.as_str())
                || rest != ["answered", "customer", "1", "1", "1", "1"]
            {
                return Some(format!("the talk of {number} is {row:?}"));
            }
        }
        for (what, sql) in [
            (
                "lines of the log twice or missing",
                "SELECT max(seq) - count(*) FROM events",
            ),
            (
                "open waits",
                "SELECT count(*) FROM queue_entries WHERE outcome IS NULL",
            ),
            (
                "open legs",
                "SELECT count(*) FROM legs WHERE ended_at IS NULL",
            ),
            ("documents due", "SELECT count(*) FROM documents_due"),
            (
                "talks that the log tells twice",
                "SELECT count(*) - count(DISTINCT interaction_id) FROM events WHERE kind = 'call_ended'",
            ),
        ] {
            let found = world.query(sql);
            if found[0][0] != "0" {
                return Some(format!("{} {what}", found[0][0]));
            }
        }
        None
    }
}

/// The value of a metric.
pub(crate) fn metric(world: &World, name: &str) -> f64 {
    let (status, _, body) = world.http("GET", "/metrics", None, &[]);
    let text = String::from_utf8(body).unwrap();
    assert_eq!(status, 200, "{text}");
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
        .unwrap_or_else(|| panic!("no {name} in\n{text}"))
}

/// Waits until a metric has a value.
pub(crate) fn wait_metric(world: &World, name: &str, wanted: f64, limit: Duration) {
    let told = || {
        let (is, log) = (metric(world, name), world.log());
        format!("{name} is {is}, not {wanted}\n{log}")
    };
    until(limit, || metric(world, name) == wanted, told);
}

/// How often the log holds a text.
pub(crate) fn told(world: &World, text: &str) -> usize {
    world.log().matches(text).count()
}

/// `GET` with the admin's token: status and body.
pub(crate) fn status_of(world: &World, path: &str) -> (u16, Value) {
    let (status, _, body) = world.http("GET", &format!("/api/v1{path}"), None, &[]);
    (status, serde_json::from_slice(&body).unwrap())
}

/// Both sides of a recording, and whether each is heard in it: `(seconds, customer, agent)`.
pub(crate) fn heard_in(path: &Path) -> (f64, f64, f64) {
    use crate::support::phone::audio;
    let (_, left, right) = world::channels(path);
    let share = |samples: &[i16], hz: f64| {
        let windows: Vec<&[i16]> = samples.chunks_exact(160).collect();
        let with = windows
            .iter()
            .filter(|window| audio::dominance(window, hz, 8_000.0) > 0.8)
            .count();
        with as f64 / 50.0
    };
    (
        left.len() as f64 / 8_000.0,
        share(&left, CUSTOMER_HZ),
        share(&right, AGENT_HZ),
    )
}
