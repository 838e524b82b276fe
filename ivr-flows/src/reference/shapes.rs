//! The maps of the language that are no step: the file itself, prompts, variables, calendars, waits, targets.
//!
//! **Owns**: their fields in words.
//! **Must not know**: actions.

use super::fields::VOICE;
use super::{Field, Key, Kind, Refers, Shape};
use crate::flow::ExitName;

/// A flow file.
pub(crate) const TOP: Shape = Shape {
    what: "a flow",
    fields: &[
        Field::needed("flow", Kind::OneOf(&["1"]), "Number of the file format."),
        Field::needed("name", Kind::Word, "The name that numbers refer to."),
        Field::new("title", Kind::Text, "", "A title for people."),
        Field::new(
            "owner",
            Kind::Text,
            "",
            "Who is told when the flow needs care.",
        ),
        Field::new(
            "languages",
            Kind::Shape(&LANGUAGES),
            "`en`",
            "The languages that callers may get.",
        ),
        Field::new(
            "defaults",
            Kind::Shape(&DEFAULTS),
            "",
            "What every step uses unless it says otherwise.",
        ),
        Field::new(
            "prompts",
            Kind::Map(
                Key::Own("a prompt"),
                &Kind::Map(Key::PromptPart, &Kind::Template),
            ),
            "",
            "What callers hear, by name: texts by language, and `file:` where the audio is not `NAME.wav`.",
        ),
        Field::new(
            "hours",
            Kind::Map(Key::Own("a calendar"), &Kind::Shape(&CALENDAR)),
            "",
            "Calendars, by name: when it is open.",
        ),
        Field::new(
            "vars",
            Kind::Map(Key::Own("a variable"), &Kind::Shape(&VARIABLE)),
            "",
            "Variables, by name.",
        ),
        Field::new(
            "inputs",
            Kind::Map(Key::Own("an input"), &Kind::Shape(&VARIABLE)),
            "",
            "Variables that a flow which calls this one gives; needed where they have no default.",
        ),
        Field::new(
            "outputs",
            Kind::Map(Key::Own("an output"), &Kind::Shape(&VARIABLE)),
            "",
            "Variables that it may take back.",
        ),
        Field::needed(
            "blocks",
            Kind::Map(Key::Own("a block"), &Kind::Steps),
            "Lists of steps, by name. Every call begins at `start`.",
        ),
        Field::new(
            "waits",
            Kind::Map(Key::Own("a wait"), &Kind::Shape(&WAIT)),
            "",
            "What waiting callers hear, by name.",
        ),
    ],
};

const LANGUAGES: Shape = Shape {
    what: "`languages`",
    fields: &[
        Field::new(
            "default",
            Kind::Name(Refers::Language),
            "the first of `offer`",
            "The one that a call begins with.",
        ),
        Field::new(
            "offer",
            Kind::Names(Refers::Language),
            "the default alone",
            "All that callers may get.",
        ),
    ],
};

const DEFAULTS: Shape = Shape {
    what: "`defaults`",
    fields: &[
        Field::new(
            "input",
            Kind::Shape(&INPUT),
            "",
            "Timing and tries of steps that take keys.",
        ),
        Field::new(
            "no_input",
            Kind::Sayings,
            "",
            "Prompts after a silence: first, second, …; the last one repeats.",
        ),
        Field::new("no_match", Kind::Sayings, "", "Prompts after a wrong key."),
        Field::new(
            "exits",
            Kind::Exits(ExitName::ALL),
            "",
            "Exits that every step inherits.",
        ),
    ],
};

const INPUT: Shape = Shape {
    what: "`input`",
    fields: &[
        Field::new("timeout", Kind::Time, "`6s`", "How long silence may last."),
        Field::new(
            "between_digits",
            Kind::Time,
            "`3s`",
            "How long a further key of the same input may take.",
        ),
        Field::new(
            "tries",
            Kind::Number(1, 10),
            "`3`",
            "How often the caller is asked; silence and wrong keys are counted apart.",
        ),
        Field::new(
            "barge_in",
            Kind::Truth,
            "`true`",
            "Whether a key interrupts what is heard.",
        ),
    ],
};

const VARIABLE: Shape = Shape {
    what: "a variable",
    fields: &[
        Field::needed(
            "type",
            Kind::OneOf(&[
                "string", "int", "bool", "map", "list", "duration", "time", "secret",
            ]),
            "What the variable holds.",
        ),
        Field::new(
            "default",
            Kind::Any,
            "empty, 0, `false`",
            "What it holds until it is set; a `secret` holds nothing, and `{{ }}` stands in no default.",
        ),
    ],
};

const CALENDAR: Shape = Shape {
    what: "a calendar",
    fields: &[
        Field::needed("zone", Kind::Text, "An IANA name, such as `Europe/Madrid`."),
        Field::needed(
            "week",
            Kind::Map(Key::Days, &Kind::Spans),
            "Opening hours by day: `mon-fri: \"08:30-19:00\"`. A day that is not named is closed.",
        ),
        Field::new(
            "closed_on",
            Kind::Spans,
            "",
            "Holidays: `[\"2026-12-25\"]`; `[]` says that there are none.",
        ),
        Field::new(
            "also_open",
            Kind::Map(Key::Dates, &Kind::Spans),
            "",
            "The only hours of a single day.",
        ),
    ],
};

const WAIT: Shape = Shape {
    what: "a wait",
    fields: &[
        Field::needed(
            "loop",
            Kind::Steps,
            "`play` and `say`, again and again until an agent answers.",
        ),
        Field::new(
            "keys",
            Kind::Map(
                Key::Single,
                &Kind::Either(&[Kind::Block, Kind::Shape(&WAIT_KEY)]),
            ),
            "",
            "What a waiting caller may press: out of the queue with the outcome `key_exit`, or something to hear.",
        ),
        Field::new(
            "relax",
            Kind::List(&Kind::Shape(&RELAX)),
            "the queue's own ladder",
            "The longer the wait, the less is asked for; for every `queue` that uses the wait and has no `ladder`.",
        ),
        Field::new(
            "give_up_after",
            Kind::Time,
            "never",
            "Then the exit `timeout` is taken.",
        ),
        Field::new(
            "exits",
            Kind::Exits(ExitName::QUEUE),
            "",
            "The exits of every `queue` that uses the wait.",
        ),
    ],
};

const WAIT_KEY: Shape = Shape {
    what: "a key of a wait",
    fields: &[
        Field::new(
            "go",
            Kind::Block,
            "",
            "Out of the queue to a block, or `hangup`; a key has one of `go`, `do`, `play` and `say`.",
        ),
        Field::new(
            "do",
            Kind::Steps,
            "",
            "Out of the queue to steps that stand right here.",
        ),
        Field::new("play", Kind::Sayings, "", "Heard, and the place is kept."),
        Field::new("say", Kind::Spoken, "", "A text in place of `play`."),
        Field::new(
            "label",
            Kind::Text,
            "the block's name",
            "What agents and reports read.",
        ),
    ],
};

const RELAX: Shape = Shape {
    what: "a step of `relax`",
    fields: &[
        Field::needed(
            "after",
            Kind::Time,
            "From this time of waiting on; later than in the step before.",
        ),
        Field::new(
            "skills",
            Kind::Map(Key::Name(Refers::Skill), &Kind::Number(1, 10)),
            "",
            "Levels, 1 to 10, that are enough from then on.",
        ),
        Field::new(
            "drop",
            Kind::Names(Refers::Skill),
            "",
            "Skills that are asked for no more.",
        ),
        Field::new(
            "also",
            Kind::Names(Refers::Queue),
            "",
            "Agents of these queues too.",
        ),
        Field::new(
            "max_tier",
            Kind::Number(1, 100),
            "",
            "Agents up to this tier.",
        ),
        Field::new(
            "head_start",
            Kind::Time,
            "`0s`",
            "Counts as more time already waited.",
        ),
    ],
};

/// `{ go: … }` or `{ do: […] }`.
pub(crate) const TARGET: Shape = Shape {
    what: "a target",
    fields: &[
        Field::new("go", Kind::Block, "", "A block, `hangup` or `return`."),
        Field::new("do", Kind::Steps, "", "Steps that stand right here."),
    ],
};

/// What a key of a menu does.
pub(crate) const CHOICE: Shape = Shape {
    what: "a choice",
    fields: &[
        Field::new(
            "go",
            Kind::Block,
            "",
            "A block, `hangup`, `return` or `repeat`.",
        ),
        Field::new("do", Kind::Steps, "", "Steps that stand right here."),
        Field::new(
            "label",
            Kind::Text,
            "the block's name",
            "What agents and reports read.",
        ),
    ],
};

/// `{ say: TEXT }` where a prompt is named.
pub(crate) const SAID: Shape = Shape {
    what: "what is played",
    fields: &[
        Field::needed("say", Kind::Spoken, "A text in place of a prompt."),
        VOICE,
    ],
};

/// What may stand beside the action of a step.
pub(crate) const BESIDE: &[Field] = &[
    Field::new(
        "when",
        Kind::Expression,
        "",
        "The step is passed over unless this is true.",
    ),
    Field::new(
        "id",
        Kind::Word,
        "",
        "A name for the step; changes nothing.",
    ),
    Field::new("note", Kind::Text, "", "A remark; changes nothing."),
];
