//! The fields of the actions that speak, ask, lead on and queue, in words.
//!
//! **Owns**: their shapes, and the fields that several actions share.
//! **Must not know**: how a step is read or run.

use super::{Field, Key, Kind, Refers, Shape};
use crate::flow::ExitName;

pub(super) const BARGE_IN: Field = Field::new(
    "barge_in",
    Kind::Truth,
    "as under `defaults`",
    "Whether a key interrupts what is heard.",
);
pub(super) const PROMPT: Field = Field::new(
    "prompt",
    Kind::Sayings,
    "",
    "What callers hear; needed, unless there is `say`.",
);
pub(super) const SAY_INSTEAD: Field =
    Field::new("say", Kind::Spoken, "", "A text in place of `prompt`.");
const SHORT_PROMPT: Field = Field::new(
    "short_prompt",
    Kind::Sayings,
    "`prompt`",
    "What they hear from the second time on.",
);
pub(super) const TIMEOUT: Field = Field::new(
    "timeout",
    Kind::Time,
    "as under `defaults`",
    "How long silence may last.",
);
const BETWEEN: Field = Field::new(
    "between_digits",
    Kind::Time,
    "as under `defaults`",
    "How long a further key of the same input may take.",
);
const TRIES: Field = Field::new(
    "tries",
    Kind::Number(1, 10),
    "as under `defaults`",
    "How often the caller is asked; silence and wrong keys are counted apart.",
);
pub(super) const NO_INPUT: Field = Field::new(
    "no_input",
    Kind::Sayings,
    "as under `defaults`",
    "Prompts after a silence: first, second, …; the last one repeats.",
);
pub(super) const NO_MATCH: Field = Field::new(
    "no_match",
    Kind::Sayings,
    "as under `defaults`",
    "Prompts after wrong input.",
);
const END_KEY: Field = Field::new(
    "end_key",
    Kind::OneOf(&["hash", "star", "none"]),
    "`hash`",
    "The key that ends it.",
);

/// The exits of a step.
pub(super) const fn exits(of: &'static [ExitName]) -> Field {
    Field::new(
        "exits",
        Kind::Exits(of),
        "",
        "Where the step leads when it does not just go on.",
    )
}

pub(super) const PLAY: Shape = Shape {
    what: "`play`",
    fields: &[
        Field::needed("prompt", Kind::Sayings, "What is heard."),
        BARGE_IN,
        Field::new(
            "for",
            Kind::Time,
            "once",
            "Music: repeats so long, and goes on where the same file last stopped in the call.",
        ),
        Field::new(
            "loop",
            Kind::Number(2, 10),
            "once",
            "Is heard so often, one after the other.",
        ),
        exits(ExitName::PLAY),
    ],
};

/// Whose voice, of those that the speech program or server has.
pub(super) const VOICE: Field = Field::new(
    "voice",
    Kind::Either(&[
        Kind::Text,
        Kind::Map(Key::Name(Refers::Language), &Kind::Text),
    ]),
    "the language's, of `[speech.voices]`",
    "Whose voice says it: a name, or names by language.",
);

pub(super) const SAY: Shape = Shape {
    what: "`say`",
    fields: &[
        Field::needed(
            "text",
            Kind::Spoken,
            "What is said: a text, or texts by language.",
        ),
        VOICE,
        BARGE_IN,
        exits(ExitName::PLAY),
    ],
};

pub(super) const MENU: Shape = Shape {
    what: "`menu`",
    fields: &[
        PROMPT,
        SAY_INSTEAD,
        SHORT_PROMPT,
        Field::needed(
            "keys",
            Kind::Map(Key::Telephone, &Kind::Choice),
            "What each key does: `0` to `9`, `star`, `hash`, or several of them.",
        ),
        TRIES,
        TIMEOUT,
        BETWEEN,
        BARGE_IN,
        Field::new(
            "type_ahead",
            Kind::Truth,
            "`true`",
            "`false`: what was pressed before the menu listens is dropped.",
        ),
        NO_INPUT,
        NO_MATCH,
        exits(ExitName::MENU),
    ],
};

pub(super) const COLLECT: Shape = Shape {
    what: "`collect`",
    fields: &[
        Field::needed(
            "into",
            Kind::Name(Refers::Variable),
            "A variable of type `string`, so that zeros stay.",
        ),
        PROMPT,
        SAY_INSTEAD,
        SHORT_PROMPT,
        Field::needed(
            "digits",
            Kind::Digits,
            "How many: `6`, or `4-10`; 32 at most.",
        ),
        END_KEY,
        TIMEOUT,
        BETWEEN,
        TRIES,
        BARGE_IN,
        Field::new(
            "check",
            Kind::Expression,
            "",
            "Wrong input unless it holds.",
        ),
        Field::new(
            "confirm",
            Kind::Shape(&CONFIRM),
            "",
            "The digits are read back and the caller says whether they are right; not beside `sensitive`.",
        ),
        Field::new(
            "format",
            Kind::OneOf(&["phone", "date", "card-luhn"]),
            "",
            "Wrong input unless the digits are a telephone number (7 to 15, or with `00` before them), a day that exists \
             (DDMMYYYY), a card's number (12 to 19, the last one fits).",
        ),
        Field::new(
            "sensitive",
            Kind::Truth,
            "`false`",
            "Nothing typed ahead counts, and the value may stand in no text or tag.",
        ),
        Field::new(
            "label",
            Kind::Text,
            "the variable's name",
            "What the digits are, for agents and reports.",
        ),
        Field::new(
            "harmless",
            Kind::Truth,
            "`false`",
            "The agent sees the digits, and they are noted.",
        ),
        NO_INPUT,
        NO_MATCH,
        exits(ExitName::MENU),
    ],
};

const CONFIRM: Shape = Shape {
    what: "`confirm`",
    fields: &[
        Field::new(
            "prompt",
            Kind::Sayings,
            "",
            "What callers hear behind the digits, which are said one by one; needed, unless there is `say`.",
        ),
        SAY_INSTEAD,
        Field::needed("accept", PHONE_KEY, "The key for right."),
        Field::needed(
            "again",
            PHONE_KEY,
            "The key for typing anew; it, silence and wrong keys count as tries of the step. Until the digits are \
             accepted the variable stays as it was.",
        ),
    ],
};

/// One key of a telephone.
pub(super) const PHONE_KEY: Kind = Kind::OneOf(&[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "star", "hash",
]);

pub(super) const CUSTOMER: Shape = Shape {
    what: "`customer`",
    fields: &[
        Field::needed(
            "by",
            Kind::Expression,
            "The telephone number: `call.from`, or `vars.NAME` for digits that were collected.",
        ),
        Field::new(
            "create",
            Kind::Truth,
            "`false`",
            "Makes a customer with that number when there is none.",
        ),
        Field::new(
            "timeout",
            Kind::Time,
            "`800ms`",
            "How long the call waits; 5 s at the longest.",
        ),
        exits(ExitName::CUSTOMER),
    ],
};

pub(super) const LANGUAGE: Shape = Shape {
    what: "`language`",
    fields: &[
        Field::needed("from", Kind::Expression, "Taken when the flow offers it."),
        Field::new(
            "ask_if_unknown",
            Kind::Sayings,
            "no question",
            "Otherwise the caller hears this in one language after the other, in the order of `offer:`, and presses `1` for the \
             first of them, `2` for the second: `tries` and `timeout` of `defaults: { input: … }` hold; silence changes nothing.",
        ),
    ],
};

pub(super) const HOURS: Shape = Shape {
    what: "`hours`",
    fields: &[
        Field::needed("check", Kind::Name(Refers::Calendar), "The calendar."),
        exits(ExitName::HOURS),
    ],
};

pub(super) const CASE: Shape = Shape {
    what: "a case of `branch`",
    fields: &[
        Field::new(
            "when",
            Kind::Expression,
            "",
            "The case holds when it is true.",
        ),
        Field::new("go", Kind::Block, "", "Then on to this block."),
        Field::new("do", Kind::Steps, "", "Or these steps."),
        Field::new(
            "else",
            Kind::Target,
            "the next step",
            "Where it leads when no case holds; alone, and last.",
        ),
    ],
};

pub(super) const GO: Shape = Shape {
    what: "`go`",
    fields: &[
        Field::needed("to", Kind::Block, "A block, or `hangup`."),
        Field::new(
            "at_most",
            Kind::Number(1, 100),
            "",
            "How often in one call it is taken.",
        ),
        Field::new(
            "then",
            Kind::Target,
            "the next step",
            "Where it leads after that.",
        ),
    ],
};

pub(super) const QUEUE: Shape = Shape {
    what: "`queue`",
    fields: &[
        Field::needed("to", Kind::Name(Refers::Queue), "A queue of the company."),
        Field::new(
            "use",
            Kind::Name(Refers::Wait),
            "",
            "A wait: what the caller hears meanwhile.",
        ),
        Field::new(
            "skills",
            LEVELS,
            "",
            "Minimum levels, 1 to 10, beyond the queue's own.",
        ),
        Field::new(
            "any_of",
            Kind::List(&LEVELS),
            "",
            "One of these besides (`docs/routing-rules.md`, What a caller asks for).",
        ),
        Field::new(
            "ladder",
            Kind::List(&Kind::Shape(&RUNG)),
            "the queue's own",
            "What is asked for from a time on.",
        ),
        Field::new(
            "last_agent",
            Kind::Time,
            "the queue's own",
            "How long the agent they spoke with last is waited for alone.",
        ),
        Field::new(
            "head_start",
            Kind::Time,
            "`0s`",
            "Counts as time already waited.",
        ),
        Field::new(
            "class",
            Kind::OneOf(&["emergency", "normal"]),
            "the queue's own",
            "`emergency` comes before `normal`.",
        ),
        exits(ExitName::QUEUE),
    ],
};

const LEVELS: Kind = Kind::Map(Key::Name(Refers::Skill), &Kind::Number(0, 10));

const RUNG: Shape = Shape {
    what: "a step of the ladder",
    fields: &[
        Field::needed("after", Kind::Time, "From this time of waiting on."),
        Field::new(
            "skills",
            LEVELS,
            "",
            "No more than these levels; 0 drops the skill.",
        ),
        Field::new(
            "max_tier",
            Kind::Number(1, 100),
            "",
            "Agents up to this tier.",
        ),
        Field::new(
            "queues",
            Kind::Names(Refers::Queue),
            "",
            "Agents of these queues too.",
        ),
        Field::new(
            "head_start",
            Kind::Time,
            "`0s`",
            "Counts as more time already waited.",
        ),
    ],
};

pub(super) const VOICEMAIL: Shape = Shape {
    what: "`voicemail`",
    fields: &[
        Field::needed(
            "box",
            Kind::Name(Refers::Queue),
            "A queue: whose message it is.",
        ),
        Field::new(
            "prompt",
            Kind::Sayings,
            "",
            "What callers hear before the tone.",
        ),
        SAY_INSTEAD,
        Field::new(
            "beep",
            Kind::Truth,
            "`true`",
            "A tone before the recording.",
        ),
        Field::new(
            "max",
            Kind::Time,
            "`2m`",
            "The message is no longer; 10m at the longest.",
        ),
        Field::new("min", Kind::Time, "`1s`", "What is shorter was no message."),
        Field::new("silence", Kind::Time, "`5s`", "So much silence ends it."),
        END_KEY,
        exits(ExitName::VOICEMAIL),
    ],
};
