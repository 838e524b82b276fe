//! The table is held to the reader.

use std::collections::BTreeSet;

use super::shapes::{BESIDE, CHOICE, SAID, TARGET};
use super::{ACTIONS, After, EXAMPLE_FLOW, EXITS, Field, Kind, Names, Shape, TOP, page, schema};
use crate::flow::ExitName;
use crate::read::{known_actions, recorded_keys};
use crate::{check_source, parse, render_human};

/// The example of an action inside a whole flow, and the lines that it takes.
fn whole(example: &str, after: After) -> (String, std::ops::Range<usize>) {
    let mut steps: Vec<String> = example.lines().map(|line| format!("    {line}")).collect();
    let count = steps.len();
    if !matches!(after, After::Elsewhere(_)) {
        steps.push("    - go: goodbye".to_owned());
    }
    let first = EXAMPLE_FLOW
        .lines()
        .position(|line| line == "STEPS")
        .expect("the place of the example");
    let source = EXAMPLE_FLOW.replace("STEPS", &steps.join("\n"));
    (source, first + 1..first + 1 + count)
}

#[test]
fn every_example_checks_clean() {
    for action in ACTIONS {
        let (source, lines) = whole(action.example, action.after);
        let checked = check_source(&source, "example.flow.yaml", None);
        // Blocks, waits and calendars that this example has no use for are not its fault.
        let found: Vec<_> = checked
            .findings
            .into_iter()
            .filter(|finding| finding.code != "F005" || lines.contains(&finding.line))
            .collect();
        assert!(
            found.is_empty(),
            "{}: {}",
            action.name,
            render_human(&found, &source)
        );
        let key = action.example.trim_start_matches("- ");
        assert!(key.starts_with(action.name), "{key}");
    }
}

#[test]
fn the_table_has_the_readers_actions() {
    let table: BTreeSet<&str> = ACTIONS.iter().map(|action| action.name).collect();
    let reader: BTreeSet<&str> = known_actions().iter().copied().collect();
    assert_eq!(table, reader);
    assert_eq!(table.len(), ACTIONS.len(), "an action stands twice");
}

/// Every shape of the table, each once.
fn shapes() -> Vec<&'static Shape> {
    fn of(kind: Kind, all: &mut Vec<&'static Shape>) {
        match kind {
            Kind::Shape(shape) if !all.iter().any(|known| known.what == shape.what) => {
                all.push(shape);
                for field in shape.fields {
                    of(field.kind, all);
                }
            }
            Kind::List(inner) | Kind::Map(_, inner) => of(*inner, all),
            Kind::Either(kinds) => kinds.iter().for_each(|kind| of(*kind, all)),
            _ => {}
        }
    }
    let mut all = vec![&TARGET, &CHOICE, &SAID];
    of(Kind::Shape(&TOP), &mut all);
    for action in ACTIONS {
        of(action.value, &mut all);
    }
    all
}

/// A flow in which every map of the language stands once with a key that it does not have.
fn every_map() -> String {
    let mut source = String::from(
        "flow: 1\nname: x\nlanguages: { x: 1 }\ndefaults: { x: 1, input: { x: 1 } }\nvars: { a: { x: 1 } }\n\
         hours: { a: { x: 1 } }\nwaits: { a: { x: 1, keys: { 1: { x: 1 } }, relax: [ { x: 1 } ] } }\nblocks:\n  start:\n",
    );
    for action in ACTIONS {
        let name = action.name;
        match action.value {
            Kind::List(_) => source.push_str(&format!("    - {name}: [ {{ x: 1 }} ]\n")),
            Kind::Shape(shape) | Kind::Either(&[.., Kind::Shape(shape)]) => {
                let first = shape.fields.first().map_or("x", |field| field.name);
                source.push_str(&format!("    - {name}: {{ {first}: {{ x: 1 }}, x: 1 }}\n"));
            }
            _ => {}
        }
    }
    source.push_str("    - menu: { keys: { 1: { x: 1 } } }\n");
    source.push_str(
        "    - survey: { questions: [ { x: 1 } ] }\n    - collect: { prompt: a, confirm: { x: 1 } }\n",
    );
    source.push_str("    - http: { get: \"https://a.example/\", secret: { x: 1 } }\n");
    source.push_str("    - queue: { to: a, ladder: [ { x: 1 } ], exits: { full: { x: 1 } } }\n");
    source
}

#[test]
fn every_key_the_reader_accepts_stands_in_the_table_and_the_other_way_round() {
    let recorded = recorded_keys(&every_map());
    for shape in shapes() {
        let reader = recorded.iter().find(|(what, _)| what == shape.what);
        let (_, keys) = reader.unwrap_or_else(|| panic!("the reader has no {}", shape.what));
        let mut reader: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
        if shape.what == "a calendar" {
            // Read only to be refused in words of its own: it belongs to the company's calendars.
            assert!(reader.remove("holidays"));
        }
        let table: BTreeSet<&str> = shape.fields.iter().map(|field| field.name).collect();
        assert_eq!(table, reader, "{}", shape.what);
    }
    for (what, _) in &recorded {
        let known = shapes().iter().any(|shape| shape.what == what);
        // An action without fields has a map only to be told what it has not.
        let bare = ACTIONS.iter().any(|action| {
            matches!(action.value, Kind::Empty) && *what == format!("`{}`", action.name)
        });
        assert!(known || bare, "the table has no {what}");
    }
}

#[test]
fn what_stands_beside_an_action_is_read() {
    for Field { name, .. } in BESIDE {
        let source =
            format!("flow: 1\nname: x\nblocks:\n  start:\n    - hangup:\n      {name}: a\n");
        let read = parse(&source, "x");
        assert!(read.is_ok(), "{name}: {:?}", read.err());
    }
}

#[test]
fn every_exit_is_told_for_every_action_that_has_it() {
    let named: BTreeSet<&str> = EXITS.iter().map(|exit| exit.name).collect();
    // What stands in no `defaults:` is an exit of one step alone.
    let own = ACTIONS.iter().flat_map(|action| action.exits());
    let known = ExitName::ALL.iter().chain(own);
    let known: BTreeSet<&str> = known.map(|exit| exit.as_str()).collect();
    assert_eq!(named, known);
    for action in ACTIONS {
        for exit in action.exits() {
            let told = EXITS.iter().any(|about| {
                about.name == exit.as_str()
                    && (about.of.is_empty() || about.of.contains(&action.name))
            });
            assert!(told, "{} of {}", exit.as_str(), action.name);
        }
    }
    for exit in EXITS {
        for name in exit.of {
            let action = ACTIONS.iter().find(|action| action.name == *name);
            let has = action.is_some_and(|action| {
                let mut exits = action.exits().iter();
                exits.any(|own| own.as_str() == exit.name)
            });
            assert!(has, "`{name}` has no exit `{}`", exit.name);
        }
    }
}

#[test]
fn the_page_tells_of_every_action_field_and_exit() {
    let page = page();
    for action in ACTIONS {
        assert!(page.contains(&format!("### `{}`", action.name)));
        for field in action.shape().map_or(&[][..], |shape| shape.fields) {
            assert!(page.contains(&format!("| `{}` |", field.name)));
        }
    }
}

#[test]
fn a_step_of_the_schema_is_one_object_of_all_actions() {
    let queues = ["support".to_owned(), "billing".to_owned()];
    let mut names = Names::of_company(queues.into(), [].into());
    let (source, _) = whole("- play: greeting", After::Next);
    names.add(&parse(&source, "example").unwrap());
    let schema = schema(&names);
    let step = &schema["definitions"]["step"];
    assert_eq!(step["additionalProperties"], false);
    for action in ACTIONS {
        let about = &step["properties"][action.name];
        assert_eq!(about["description"], action.about);
        assert!(
            about["markdownDescription"]
                .as_str()
                .unwrap()
                .contains("```yaml")
        );
    }
    let queue = &step["properties"]["queue"]["anyOf"];
    assert_eq!(queue[0]["enum"], serde_json::json!(["billing", "support"]));
    assert_eq!(queue[1]["properties"]["to"]["enum"], queue[0]["enum"]);
    let go = &step["properties"]["go"]["anyOf"][0]["anyOf"][0]["enum"];
    assert!(go.as_array().unwrap().contains(&"orders".into()), "{go}");
}
