//! What callers did in a flow, against what they were made to do.

use super::world::World;
use router::event::Direction;
use router::id::{AgentId, InteractionId, LegId};
use router::outcome::{EndCause, Outcome};
use router::{Event, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const CALLS: u64 = 150;

/// What one caller did: blocks with the exits that led there, and whether they hung up.
struct Made {
    steps: Vec<(String, Option<&'static str>)>,
    dropped: bool,
}

/// By a fixed rule: through blocks of which some begin alike, with loops, exits and callers who hang up.
fn made(number: u64) -> Made {
    let mut dice = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut roll = |sides: u64| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((dice >> 33) % sides).unwrap()
    };
    let mut steps = vec![("start".to_owned(), None)];
    for _ in 0..roll(7) {
        let block = ["main", "main_2", "main%", "sub:main"][roll(4)];
        steps.push((
            block.to_owned(),
            [None, Some("1"), Some("error"), Some("time_out")][roll(4)],
        ));
    }
    let dropped = roll(3) == 0;
    if dropped && roll(2) == 0 {
        steps.push(("gone".to_owned(), Some("hangup")));
    }
    Made { steps, dropped }
}

fn arrived(number: u64) -> Event {
    Event::CallArrived {
        interaction: InteractionId::from_number(number),
        leg: LegId::from_number(number),
        trunk: None,
        flow: "counted".to_owned(),
        flow_version: "f00d".to_owned(),
        direction: Direction::Inbound,
        agent: None,
    }
}

async fn call(world: &World, number: u64, made: &Made) {
    let interaction = InteractionId::from_number(50_000 + number);
    let mut events = vec![arrived(50_000 + number)];
    events.push(Event::CallAnswered { interaction });
    for (block, exit) in &made.steps {
        events.push(Event::StepEntered {
            interaction,
            block: block.clone(),
            step: 0,
            action: "play".to_owned(),
            exit: exit.map(str::to_owned),
        });
    }
    let end_cause = if made.dropped {
        EndCause::Customer
    } else {
        EndCause::Flow
    };
    events.push(Event::CallEnded {
        interaction,
        outcome: Outcome::SelfServed,
        end_cause,
    });
    let at = Timestamp::from_millis(100_000 + i64::try_from(number).unwrap());
    for event in events {
        world.journal.append(at, event, None).await.unwrap();
    }
}

const WHEN: &str = "from=1970-01-01T00:00:00Z&to=1970-01-02T00:00:00Z";

async fn read(world: &World, path: &str) -> Value {
    let answer = world.ask("supervisor", &format!("GET {path}"), "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// How many calls a list of them has.
async fn listed(world: &World, query: &str) -> u64 {
    let path = format!("/interactions?flow=counted&limit=500&{query}");
    let list = read(world, &path).await;
    u64::try_from(list["items"].as_array().unwrap().len()).unwrap()
}

#[tokio::test]
async fn every_number_is_right_and_leads_to_its_calls() {
    let world = World::start().await;
    let all: Vec<Made> = (0..CALLS).map(made).collect();
    for (number, made) in (0..).zip(&all) {
        call(&world, number, made).await;
    }
    let traffic = loop {
        let traffic = read(&world, &format!("/flows/counted/traffic?{WHEN}")).await;
        if traffic["calls"] == CALLS {
            break traffic;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let dropped = all.iter().filter(|made| made.dropped).count();
    assert_eq!(traffic["dropped"], dropped);
    assert_eq!(traffic["contained"], all.len() - dropped);
    assert_eq!(traffic["more"], false);
    let blocks = traffic["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 6, "{traffic:#}");
    for block in blocks {
        let name = block["block"].as_str().unwrap();
        let came = all
            .iter()
            .filter(|made| made.steps.iter().any(|(block, _)| block == name));
        assert_eq!(block["calls"], came.count(), "{name}");
        let asked = name.replace('%', "%25");
        for (figure, query) in [
            ("calls", ""),
            ("ended", "&ended=here"),
            ("dropped", "&ended=dropped"),
        ] {
            let found = listed(&world, &format!("block={asked}{query}")).await;
            assert_eq!(block[figure], found, "{figure} of {name}");
        }
    }
    // Each way: how often it was taken, and by which calls.
    let mut times = BTreeMap::<(String, &str, String), (u64, BTreeSet<usize>)>::new();
    for (place, made) in all.iter().enumerate() {
        for (one, other) in made.steps.iter().zip(made.steps.iter().skip(1)) {
            let way = (one.0.clone(), other.1.unwrap_or("then"), other.0.clone());
            let (count, calls) = times.entry(way).or_default();
            *count += 1;
            calls.insert(place);
        }
    }
    let ways = traffic["ways"].as_array().unwrap();
    assert_eq!(ways.len(), times.len());
    for way in ways {
        let [from, exit, to] = ["from", "exit", "to"].map(|key| way[key].as_str().unwrap());
        let found = times
            .iter()
            .find(|(own, _)| (own.0.as_str(), own.1, own.2.as_str()) == (from, exit, to));
        let (count, calls) = found.unwrap().1;
        assert_eq!(way["times"], *count, "{way}");
        // A step that is simply over and begins its own block anew cannot be told from one that goes on.
        if from == to && exit == "then" {
            continue;
        }
        let query = format!("block={from}&exit={exit}&next={to}").replace('%', "%25");
        assert_eq!(
            listed(&world, &query).await,
            u64::try_from(calls.len()).unwrap(),
            "{way}"
        );
    }
}

/// A call that is not over: in a block, with an agent, or back in the flow after the agent.
async fn on_the_line(world: &World, number: u64, events: Vec<Event>) {
    let arrived = arrived(70_000 + number);
    for (at, event) in (0..).zip([arrived].into_iter().chain(events)) {
        let at = Timestamp::from_millis(200_000 + at);
        world.journal.append(at, event, None).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_on_the_line_stands_at_the_block_that_they_are_in() {
    let world = World::start().await;
    let step = |number: u64, block: &str| Event::StepEntered {
        interaction: InteractionId::from_number(70_000 + number),
        block: block.to_owned(),
        step: 0,
        action: "play".to_owned(),
        exit: None,
    };
    let talks = |number: u64| Event::Connected {
        interaction: InteractionId::from_number(70_000 + number),
        agent: AgentId::from_number(1),
        leg: LegId::from_number(70_000 + number),
    };
    let ended = Event::CallEnded {
        interaction: InteractionId::from_number(70_005),
        outcome: Outcome::SelfServed,
        end_cause: EndCause::Flow,
    };
    on_the_line(&world, 1, vec![step(1, "start"), step(1, "main")]).await;
    on_the_line(&world, 2, vec![step(2, "start"), step(2, "main")]).await;
    on_the_line(&world, 3, vec![step(3, "start"), talks(3)]).await;
    on_the_line(
        &world,
        4,
        vec![step(4, "start"), talks(4), step(4, "sub:ask")],
    )
    .await;
    on_the_line(&world, 5, vec![step(5, "start"), ended]).await;
    let expected = serde_json::json!({ "calls": 3, "beyond": 1, "blocks": [
        { "block": "main", "calls": 2 }, { "block": "sub:ask", "calls": 1 },
    ] });
    let mut seen = Value::Null;
    for _ in 0..1_000 {
        seen = read(&world, "/flows/counted/callers").await;
        if seen == expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen, expected);
    let none = read(&world, "/flows/other/callers").await;
    assert_eq!(none["calls"], 0);
}

#[tokio::test]
async fn odd_intervals_and_half_questions_are_refused() {
    let world = World::start().await;
    for (query, word) in [
        (
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "before",
        ),
        (
            "from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z",
            "92 days",
        ),
        ("from=yesterday", "time such as"),
        ("form=x", "`from`"),
    ] {
        let request = format!("GET /flows/counted/traffic?{query}");
        let answer = world.ask("supervisor", &request, "").await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.text().contains(word), "{query}: {}", answer.text());
    }
    for query in [
        "block=main",
        "flow=x&exit=1",
        "flow=x&block=y&next=z",
        "flow=x&ended=there",
    ] {
        let request = format!("GET /interactions?{query}");
        assert_eq!(
            world.ask("supervisor", &request, "").await.status,
            422,
            "{query}"
        );
    }
}
