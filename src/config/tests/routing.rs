//! What the company file says about routing: ladders, alternatives, tiers, strategies; what is refused, and where.

use crate::config::company::Ids;
use crate::config::{Checked, Company, PasswordPolicy, parse_company};
use router::company::{Strategy, WhenNoAgents};
use router::id::{AgentId, QueueId};
use router::overflow::Way;
use std::time::Duration;

const AGENT: &str = r#"
[[skills]]
name = "billing"
[[skills]]
name = "spanish"
[[agents]]
login = "ana"
extension = "2001"
password = "correct horse"
skills = { billing = 2 }
queues = { support = 2 }
[[queues]]
name = "support"
"#;

fn parse(rest: &str) -> Checked<Company> {
    let source = format!("{AGENT}{rest}");
    parse_company(&source, "company.toml", PasswordPolicy::Required)
}

#[test]
fn licences_preferences_and_holds_reach_the_router() {
    let read = parse(
        "last_agent = \"20s\"\n[[queues]]\nname = \"sales\"\n[[agents]]\nlogin = \"ben\"\n\
        extension = \"2002\"\npassword = \"x\"\nskills = { billing = 1, spanish = 1 }\n\
        queues = { support = 1, sales = 1 }\nprefers = [\"sales\"]\n\
        licences = { billing = \"2026-12-31\", spanish = \"2026-12-31T18:00:00+01:00\" }\n",
    );
    assert_eq!(read.findings, []);
    let mut ids = Ids::default();
    ids.agents.insert("ben".to_owned(), AgentId::from_number(1));
    for (name, number) in [("support", 1), ("sales", 2)] {
        ids.queues
            .insert(name.to_owned(), QueueId::from_number(number));
    }
    let routing = read.value.unwrap().routing(&ids);
    let agent = &routing.agents[&AgentId::from_number(1)];
    assert_eq!(agent.prefers, [QueueId::from_number(2)]);
    // The first moment of the new year, and 17:00 UTC.
    assert_eq!(agent.licences["billing"].millis(), 1_798_761_600_000);
    assert_eq!(agent.licences["spanish"].millis(), 1_798_736_400_000);
    let hold = routing.queues[&QueueId::from_number(1)].last_agent;
    assert_eq!(hold, Some(Duration::from_secs(20)));
}

#[test]
fn what_is_wrong_with_an_agent_is_said_with_place_and_remedy() {
    for (text, column, said) in [
        (
            "licences = { biling = \"2026-12-31\" }",
            14,
            "did you mean \"billing\"?",
        ),
        (
            "licences = { billing = \"31.12.2026\" }",
            24,
            "no day and no moment",
        ),
        (
            "prefers = [\"sales\"]",
            12,
            "no queue of this agent \"sales\"",
        ),
        ("prefers = [\"suport\"]", 12, "did you mean \"support\"?"),
    ] {
        let found = parse(&format!(
            "[[agents]]\nlogin = \"ben\"\nextension = \"2\"\npassword = \"x\"\n\
             skills = {{ billing = 1 }}\nqueues = {{ support = 1 }}\n{text}\n"
        ))
        .findings;
        let hit = found.iter().any(|finding| {
            (finding.line, finding.column) == (20, column)
                && format!("{} / {}", finding.message, finding.help).contains(said)
        });
        assert!(hit, "{text}: {found:#?}");
    }
}

#[test]
fn a_ladder_reaches_the_router() {
    let read = parse(
        "skills = { billing = 5 }\nany_of = [{ spanish = 1 }, { billing = 6 }]\nmax_tier = 1\n\
        strategy = \"most_skilled\"\npromote_after = \"5m\"\nladder = [\n\
        { after = \"30s\", skills = { billing = 1, spanish = 0 } },\n\
        { after = \"1m\", max_tier = 2, queues = [\"sales\"], head_start = \"20s\" },\n]\n\
        [[queues]]\nname = \"sales\"\n",
    );
    assert_eq!(read.findings, []);
    let mut ids = Ids::default();
    ids.agents.insert("ana".to_owned(), AgentId::from_number(1));
    for (name, number) in [("support", 1), ("sales", 2)] {
        ids.queues
            .insert(name.to_owned(), QueueId::from_number(number));
    }
    let routing = read.value.unwrap().routing(&ids);
    let queue = &routing.queues[&QueueId::from_number(1)];
    assert_eq!(queue.strategy, Strategy::MostSkilled);
    assert_eq!(queue.promote_after, Duration::from_secs(300));
    assert_eq!((queue.any_of.len(), queue.max_tier), (2, Some(1)));
    let (first, second) = (&queue.ladder[0], &queue.ladder[1]);
    assert_eq!(first.after, Duration::from_secs(30));
    assert_eq!((first.skills["billing"], first.skills["spanish"]), (1, 0));
    assert_eq!(second.queues, [QueueId::from_number(2)]);
    assert_eq!(
        (second.max_tier, second.head_start),
        (Some(2), Duration::from_secs(20))
    );
}

#[test]
fn every_strategy_is_read() {
    for strategy in Strategy::ALL {
        let read = parse(&format!("strategy = \"{}\"", strategy.as_str()));
        assert_eq!(read.findings, []);
        let mut ids = Ids::default();
        let support = QueueId::from_number(1);
        ids.queues.insert("support".to_owned(), support);
        let routing = read.value.unwrap().routing(&ids);
        assert_eq!(routing.queues[&support].strategy, strategy);
    }
}

#[test]
fn where_callers_go_whom_a_queue_does_not_take_reaches_the_router() {
    let read = parse(
        "after_max_wait = { queue = \"sales\" }\nwhen_full = \"voicemail\"\nwhen_no_agents = \"closed\"\n\
        voicemail_prompt = \"leave\"\n[[queues]]\nname = \"sales\"\nwhen_no_agents = { queue = \"support\" }\n",
    );
    assert_eq!(read.findings, []);
    let mut ids = Ids::default();
    let (support, sales) = (QueueId::from_number(1), QueueId::from_number(2));
    ids.queues.insert("support".to_owned(), support);
    ids.queues.insert("sales".to_owned(), sales);
    let company = read.value.unwrap();
    assert_eq!(company.queues[0].voicemail_prompt.as_deref(), Some("leave"));
    let routing = company.routing(&ids);
    let queue = &routing.queues[&support];
    let ways = queue.overflow;
    assert_eq!(ways.max_wait, Way::Queue(sales));
    assert_eq!((ways.full, ways.no_agents), (Way::Voicemail, Way::Closed));
    assert_eq!(queue.when_no_agents, WhenNoAgents::Exit);
    let queue = &routing.queues[&sales];
    assert_eq!(queue.overflow.no_agents, Way::Queue(support));
    assert_eq!(queue.when_no_agents, WhenNoAgents::Exit);
    assert_eq!(queue.overflow.full, Way::Exit);
}

/// What is wrong, the line and column of the finding, and a part of its text or remedy.
const WRONG: &[(&str, (usize, usize), &str)] = &[
    (
        "strategy = \"most_skiled\"",
        (14, 12),
        "did you mean \"most_skilled\"?",
    ),
    (
        "strategy = \"everybody\"",
        (14, 12),
        "known: longest_idle, most_skilled, least_occupied, fewest_calls, ring_all",
    ),
    (
        "any_of = [{ spanihs = 1 }]",
        (14, 13),
        "did you mean \"spanish\"?",
    ),
    ("any_of = [{ spanish = 0 }]", (14, 23), "from 1 to 10"),
    (
        "ladder = [{ skills = { billing = 1 } }]",
        (14, 11),
        "no `after`",
    ),
    (
        "ladder = [{ after = \"45s\" }, { after = \"45s\" }]",
        (14, 30),
        "do not rise",
    ),
    (
        "ladder = [{ after = \"45s\", skills = { biling = 1 } }]",
        (14, 39),
        "did you mean \"billing\"?",
    ),
    (
        "ladder = [{ after = \"45s\", queues = [\"suport\"] }]",
        (14, 38),
        "did you mean \"support\"?",
    ),
    (
        "when_full = \"voicemial\"",
        (14, 13),
        "did you mean \"voicemail\"?",
    ),
    ("after_max_wait = \"wait\"", (14, 18), "is not a choice"),
    (
        "when_no_agents = { queue = \"suport\" }",
        (14, 28),
        "did you mean \"support\"?",
    ),
    (
        "when_full = { queue = \"support\" }",
        (14, 23),
        "sends its callers to itself",
    ),
    (
        "ladder = [{ after = \"45s\", max_tier = 2 }]",
        (14, 11),
        "widens no tier",
    ),
    (
        "max_tier = 2\nladder = [{ after = \"45s\", max_tier = 2 }]",
        (15, 11),
        "more than 2",
    ),
    (
        "ladder = [{ after = \"45s\", max_teir = 2 }]",
        (14, 28),
        "did you mean `max_tier`?",
    ),
    (
        "skills = { billing = 5 }\nladder = [{ after = \"45s\", skills = { billing = 3 } }]",
        (15, 10),
        "no agent meets the last step of the ladder of queue \"support\"",
    ),
];

#[test]
fn what_is_wrong_with_a_ladder_is_said_with_place_and_remedy() {
    for (text, (line, column), said) in WRONG {
        let found = parse(text).findings;
        let hit = found.iter().any(|finding| {
            (finding.line, finding.column) == (*line, *column)
                && format!("{} / {}", finding.message, finding.help).contains(said)
        });
        assert!(hit, "{text}: {found:#?}");
    }
}
