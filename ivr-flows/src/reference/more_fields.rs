//! The fields of the actions that survey, record, call out and refuse, in words.
//!
//! **Owns**: their shapes.
//! **Must not know**: how a step is read or run.

use super::fields::{BARGE_IN, NO_INPUT, NO_MATCH, PHONE_KEY, PROMPT, SAY_INSTEAD, TIMEOUT, exits};
use super::{Field, Key, Kind, Shape};
use crate::flow::ExitName;

const QUESTION_PROMPT: Field = Field::new(
    "prompt",
    Kind::Sayings,
    "",
    "What callers hear; each question needs it, or `say`.",
);
const ANSWERS: &str = "The digits that are answers: `1-5`, or `[1, 2]`; each question needs them.";
const STORE: &str = "The name under which answers are kept; each question needs one of its own.";

pub(super) const SURVEY: Shape = Shape {
    what: "`survey`",
    fields: &[
        Field::new(
            "questions",
            Kind::List(&Kind::Shape(&QUESTION)),
            "",
            "Up to ten questions, one after the other, in place of `prompt`, `keys` and `store`.",
        ),
        QUESTION_PROMPT,
        SAY_INSTEAD,
        Field::new("keys", Kind::Answers, "", ANSWERS),
        Field::new("store", Kind::Word, "", STORE),
        Field::new(
            "tries",
            Kind::Number(1, 10),
            "as under `defaults`",
            "How often each question is asked; who uses them up is asked no more and takes `skipped`.",
        ),
        TIMEOUT,
        BARGE_IN,
        NO_INPUT,
        NO_MATCH,
        exits(ExitName::SURVEY),
    ],
};

const QUESTION: Shape = Shape {
    what: "a question",
    fields: &[
        PROMPT,
        SAY_INSTEAD,
        Field::needed("keys", Kind::Answers, ANSWERS),
        Field::needed("store", Kind::Word, STORE),
    ],
};

pub(super) const CONSENT: Shape = Shape {
    what: "`consent`",
    fields: &[
        PROMPT,
        SAY_INSTEAD,
        Field::new(
            "opt_out_key",
            PHONE_KEY,
            "",
            "The key that says no; needed with `default: granted`.",
        ),
        Field::new(
            "opt_in_key",
            PHONE_KEY,
            "",
            "The key that says yes; needed with `default: denied`.",
        ),
        Field::needed(
            "default",
            Kind::OneOf(&["granted", "denied"]),
            "What holds for a caller who presses neither. Whose line lets no words through has not agreed.",
        ),
        Field::new(
            "scope",
            Kind::OneOf(&["recording"]),
            "`recording`",
            "What is agreed to; consent to a transcription comes later (F101).",
        ),
        Field::new(
            "timeout",
            Kind::Time,
            "`3s`",
            "How long a caller may take after the words.",
        ),
        exits(ExitName::CONSENT),
    ],
};

/// What is done with a recording.
pub(super) const RECORDING: Kind = Kind::OneOf(&["start", "stop", "pause", "resume"]);

pub(super) const RECORD: Shape = Shape {
    what: "`record`",
    fields: &[
        Field::needed(
            "action",
            RECORDING,
            "`start`: records the caller, and whoever answers into the same file, until that talk ends. `stop`: no talk \
             is recorded until `start`. `pause` and `resume` leave out what is said between them.",
        ),
        Field::new(
            "beep",
            Kind::Truth,
            "`false`",
            "A tone when the recording begins.",
        ),
    ],
};

pub(super) const PAUSE: Shape = Shape {
    what: "`wait`",
    fields: &[Field::needed(
        "for",
        Kind::Time,
        "How long; 60s at the longest.",
    )],
};

pub(super) const NOTIFY: Shape = Shape {
    what: "`notify`",
    fields: &[
        Field::needed("event", Kind::Word, "The event's name."),
        Field::new(
            "data",
            Kind::Map(Key::Own("a value"), &Kind::Template),
            "",
            "Up to ten values by name that go with it; `{{ EXPRESSION }}` may stand in them.",
        ),
    ],
};

const TO: Field = Field::new(
    "to",
    Kind::Text,
    "",
    "A number with its country code, in quotes; a trunk's `outbound` must allow it. Needed, unless there is `agent`.",
);
const AGENT: Field = Field::new(
    "agent",
    Kind::Word,
    "",
    "An agent's extension in place of `to`; queues leave them alone meanwhile.",
);
const MODE: Field = Field::new(
    "mode",
    Kind::OneOf(&["blind"]),
    "`blind`",
    "Nobody is asked first: `consult` is refused.",
);
const CALLER_ID: Field = Field::new(
    "caller_id",
    Kind::OneOf(&["company", "caller"]),
    "`company`",
    "Whose number the called party sees: the trunk's `caller_id`, or the caller's own where it is known.",
);
const RING: Field = Field::new(
    "ring",
    Kind::Time,
    "`30s`",
    "How long it rings; 2m at the longest.",
);

/// Whether the flow goes on when the called party hangs up.
const fn return_here(default: &'static str) -> Field {
    Field::new(
        "return_here",
        Kind::Truth,
        default,
        "Whether the flow goes on when the called party hangs up; otherwise the call ends.",
    )
}

pub(super) const TRANSFER: Shape = Shape {
    what: "`transfer`",
    fields: &[
        TO,
        AGENT,
        MODE,
        CALLER_ID,
        RING,
        return_here("`false`"),
        exits(ExitName::TRANSFER),
    ],
};

pub(super) const DIAL: Shape = Shape {
    what: "`dial`",
    fields: &[
        TO,
        AGENT,
        MODE,
        CALLER_ID,
        RING,
        return_here("`true`"),
        exits(ExitName::TRANSFER),
    ],
};

const OFFER: Field = Field::new("prompt", Kind::Sayings, "", "What callers hear.");
const NUMBER: Field = Field::new(
    "number",
    Kind::OneOf(&["caller", "ask"]),
    "",
    "The caller's own number, or one that is asked for.",
);
const WINDOW: Field = Field::new("window", Kind::Time, "", "How long it may be until then.");
const KEEPS_PLACE: Field = Field::new(
    "keeps_place",
    Kind::Truth,
    "",
    "Whether the place in the queue is kept.",
);
const ATTEMPTS: Field = Field::new(
    "attempts",
    Kind::Number(1, 10),
    "",
    "How often they are called at most.",
);
const SPACING: Field = Field::new("spacing", Kind::Time, "", "The time between two attempts.");
const MEANWHILE: &str = "`unavailable` is needed: where callers go until something stands behind the step (F101). It alone \
                         is taken, and only from here.";

/// The exits of a step that nothing stands behind yet.
const fn meanwhile(of: &'static [ExitName]) -> Field {
    Field::needed("exits", Kind::Exits(of), MEANWHILE)
}

pub(super) const OFFER_CALLBACK: Shape = Shape {
    what: "`offer_callback`",
    fields: &[
        Field::needed("key", PHONE_KEY, "The key of a caller who wants it."),
        OFFER,
        SAY_INSTEAD,
        NUMBER,
        WINDOW,
        KEEPS_PLACE,
        ATTEMPTS,
        SPACING,
        meanwhile(ExitName::CALLBACK),
    ],
};

pub(super) const CALLBACK: Shape = Shape {
    what: "`callback`",
    fields: &[
        OFFER,
        SAY_INSTEAD,
        NUMBER,
        WINDOW,
        KEEPS_PLACE,
        ATTEMPTS,
        SPACING,
        meanwhile(ExitName::CALLBACK),
    ],
};

pub(super) const PAY: Shape = Shape {
    what: "`pay`",
    fields: &[
        Field::needed("processor", Kind::Word, "Who takes the payment."),
        Field::needed("amount", Kind::Expression, "How much."),
        Field::new(
            "retain_agent",
            Kind::Truth,
            "",
            "Whether the agent stays on the line.",
        ),
        meanwhile(ExitName::PAY),
    ],
};

/// Why a call is refused.
pub(super) const CAUSES: Kind =
    Kind::OneOf(&["busy", "declined", "forbidden", "not_found", "unavailable"]);

pub(super) const HANGUP: Shape = Shape {
    what: "`hangup`",
    fields: &[
        Field::new(
            "cause",
            CAUSES,
            "`unavailable`",
            "Why a call that was not answered is refused: 486, 603, 403, 404, 480.",
        ),
        Field::new(
            "code",
            Kind::Number(400, 699),
            "480",
            "The SIP status in place of `cause`.",
        ),
    ],
};
