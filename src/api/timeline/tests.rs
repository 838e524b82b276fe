use super::ItemKind;
use super::told::{Told, told};
use router::event::{Event, PauseCause, TalkChange};
use router::id::{AgentId, InteractionId};
use serde_json::{Value, json};

const CALL: InteractionId = InteractionId::from_number(1);
const ANA: AgentId = AgentId::from_number(2);

fn read(fields: Value) -> Event {
    let mut line = fields;
    line["interaction"] = json!(CALL);
    serde_json::from_value(line).unwrap()
}

fn words(fields: Value) -> (ItemKind, String) {
    let login = |agent| (agent == ANA).then(|| "ana".to_owned());
    match told(&read(fields), login) {
        Told::Moment(kind, words, _) => (kind, words),
        other => panic!("{other:?}"),
    }
}

/// Whoever adds a cause or a change adds it here and in `told`: both do not compile without it.
const fn all_causes(after: Option<PauseCause>) -> Option<PauseCause> {
    match after {
        None => Some(PauseCause::Hold),
        Some(PauseCause::Hold) => Some(PauseCause::Consult),
        Some(PauseCause::Consult) => Some(PauseCause::Transfer),
        Some(PauseCause::Transfer) => Some(PauseCause::Reconnect),
        Some(PauseCause::Reconnect) => Some(PauseCause::Flow),
        Some(PauseCause::Flow) => None,
    }
}

#[test]
fn every_pause_has_words_and_a_mark_in_the_player() {
    let player = include_str!("../../../console/src/pages/calls/player.tsx");
    let mut said = Vec::new();
    let mut cause = None;
    while let Some(next) = all_causes(cause) {
        let event = read(json!({ "kind": "talk_paused", "recording": null, "cause": next }));
        let Told::PauseBegins(words) = told(&event, |_| None) else {
            panic!("{next:?}");
        };
        assert!(!said.contains(&words), "{words}");
        said.push(words);
        let mark = format!("\n  {}: \"", next.as_str());
        assert!(player.contains(&mark), "no word for the mark {next:?}");
        cause = Some(next);
    }
    assert_eq!(said.len(), 5);
}

#[test]
fn every_change_of_a_talk_has_words() {
    use TalkChange::{
        AgentBack, AgentLost, AgentStayedAway, Barges, ConsultAnswered, ConsultBegan, ConsultEnded,
        HelpAsked, HelpDismissed, HelpEnded, HelpTaken, Listens, Merged, MonitorBegan,
        MonitorEnded, SentToQueue, TookOver, TransferBegan, TransferFailed, Transferred, Whispers,
    };
    let all = [
        AgentBack,
        AgentLost,
        AgentStayedAway,
        Barges,
        ConsultAnswered,
        ConsultBegan,
        ConsultEnded,
        HelpAsked,
        HelpDismissed,
        HelpEnded,
        HelpTaken,
        Listens,
        Merged,
        MonitorBegan,
        MonitorEnded,
        SentToQueue,
        TookOver,
        TransferBegan,
        TransferFailed,
        Transferred,
        Whispers,
    ];
    let mut said = Vec::new();
    for change in all {
        let line = json!({ "kind": "talk_changed", "change": change, "agent": ANA, "by": null, "queue": null });
        let (kind, words) = words(line);
        assert_eq!(kind, ItemKind::Others);
        assert!(words.contains(' ') && !words.contains('_'), "{words}");
        assert!(!said.contains(&words), "{words}");
        said.push(words);
    }
}

#[test]
fn what_was_typed_and_written_down_is_told() {
    for (line, kind, wanted) in [
        (
            json!({ "kind": "typed", "block": "b", "label": "order", "digits": "123" }),
            ItemKind::Choice,
            "Typed order: 123",
        ),
        (
            json!({ "kind": "typed", "block": "b", "label": "pin" }),
            ItemKind::Choice,
            "Typed pin",
        ),
        (
            json!({ "kind": "language_set", "language": "es", "chosen": true }),
            ItemKind::Choice,
            "Language es, chosen in the menu",
        ),
        (
            json!({ "kind": "wrap_up_coded", "code": "r", "name": "Money back", "tags": ["vip"], "by": ANA }),
            ItemKind::Record,
            "It was about: Money back (vip)",
        ),
        (
            json!({ "kind": "notes_handed_on", "by": ANA }),
            ItemKind::Notes,
            "ana wrote notes for the next one",
        ),
        (
            json!({ "kind": "customer_confirmed", "customer": null, "by": ANA }),
            ItemKind::Record,
            "ana said that it is not known who the customer is",
        ),
    ] {
        assert_eq!(words(line), (kind, wanted.to_owned()));
    }
}
