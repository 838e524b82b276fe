//! The fields of the actions that ask servers outside and go through other flows, in words.
//!
//! **Owns**: their shapes.
//! **Must not know**: how a step is read or run.

use super::fields::exits;
use super::{Field, Key, Kind, Refers, Shape};
use crate::flow::ExitName;

const URL: Kind = Kind::Template;

pub(super) const HTTP: Shape = Shape {
    what: "`http`",
    fields: &[
        Field::new(
            "get",
            URL,
            "",
            "The URL; scheme, host and port are fixed, and a value stays one part of it. Needed, unless another method \
             stands in its place.",
        ),
        Field::new("post", URL, "", "The URL, with the method POST."),
        Field::new("put", URL, "", "The URL, with the method PUT."),
        Field::new("patch", URL, "", "The URL, with the method PATCH."),
        Field::new("delete", URL, "", "The URL, with the method DELETE."),
        Field::new(
            "headers",
            Kind::Map(Key::Own("a header"), &Kind::Template),
            "",
            "Up to 20 headers, by name.",
        ),
        Field::new(
            "body",
            Kind::Any,
            "nothing",
            "What is sent: a text as it is, anything else as JSON; not with `get`.",
        ),
        Field::new(
            "secret",
            Kind::Either(&[Kind::Name(Refers::Secret), Kind::Shape(&SECRET)]),
            "",
            "What authorises us there, by name; sent as `Authorization: Bearer …`.",
        ),
        Field::new(
            "timeout",
            Kind::Time,
            "`3s`",
            "Of one try; 15s at the longest.",
        ),
        Field::new(
            "retries",
            Kind::Number(0, 3),
            "0",
            "Tries after the first; all together take 30s at the longest.",
        ),
        Field::new(
            "into",
            Kind::Name(Refers::Variable),
            "the body is not looked at",
            "The variable of type `map`, `list` or `string` that gets the answer.",
        ),
        Field::new(
            "filler",
            Kind::Sayings,
            "silence",
            "Heard over and over when it takes more than a second.",
        ),
        exits(ExitName::HTTP),
    ],
};

const SECRET: Shape = Shape {
    what: "`secret`",
    fields: &[
        Field::needed(
            "name",
            Kind::Name(Refers::Secret),
            "A variable of type `secret`.",
        ),
        Field::new(
            "header",
            Kind::Word,
            "`Authorization`, behind `Bearer`",
            "The header that holds it.",
        ),
    ],
};

pub(super) const REMOTE: Shape = Shape {
    what: "`remote`",
    fields: &[
        Field::needed("url", URL, "Where it is asked, by POST; as in `http`."),
        Field::needed(
            "secret",
            Kind::Name(Refers::Secret),
            "A variable of type `secret`: it signs the question.",
        ),
        Field::new(
            "with",
            Kind::Map(Key::Own("a value"), &Kind::Any),
            "",
            "What the other side is told besides who calls, what was dialled and the language.",
        ),
        Field::new(
            "into",
            Kind::Map(Key::Name(Refers::Variable), &Kind::Word),
            "",
            "Variables of this flow, and the output of the answer that each gets.",
        ),
        Field::new(
            "timeout",
            Kind::Time,
            "`3s`",
            "Of the one try; 15s at the longest.",
        ),
        Field::new(
            "filler",
            Kind::Sayings,
            "silence",
            "Heard over and over when it takes more than a second.",
        ),
        Field::new(
            "exits",
            Kind::Returns(ExitName::REMOTE),
            "",
            "Where each word leads that the answer returns with; besides them `timeout`, `invalid`, `error` and `hangup`.",
        ),
    ],
};

pub(super) const CALL: Shape = Shape {
    what: "`call`",
    fields: &[
        Field::needed("flow", Kind::Name(Refers::Flow), "The other flow."),
        Field::new(
            "with",
            Kind::Map(Key::Own("an input"), &Kind::Any),
            "",
            "Its inputs; those without a default are needed.",
        ),
        Field::new(
            "into",
            Kind::Map(Key::Name(Refers::Variable), &Kind::Word),
            "",
            "Variables of this flow, and the output that each gets.",
        ),
        Field::new(
            "exits",
            Kind::Returns(ExitName::CALL),
            "",
            "Where each word leads that the other flow returns with; besides them `error` and `hangup`.",
        ),
    ],
};
