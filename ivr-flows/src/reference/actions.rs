//! The actions in words.
//!
//! **Owns**: one entry for each action that the reader knows.
//! **Must not know**: how a step is read or run; the fields of the long forms stand in `fields` and `more_fields`.

use super::fields::{
    CASE, COLLECT, CUSTOMER, GO, HOURS, LANGUAGE, MENU, PLAY, QUEUE, SAY, VOICEMAIL,
};
use super::more_fields::{
    CALLBACK, CAUSES, CONSENT, DIAL, HANGUP, NOTIFY, OFFER_CALLBACK, PAUSE, PAY, RECORD, RECORDING,
    SURVEY, TRANSFER,
};
use super::other_fields::{CALL, HTTP, REMOTE};
use super::{Action, After, Key, Kind, Refers};

/// Every action, in the order of the page.
pub(crate) const ACTIONS: &[Action] = &[
    Action {
        name: "answer",
        about: "Answers the call: from here on it costs the caller.",
        value: Kind::Empty,
        waits: "",
        after: After::Next,
        example: "- answer:",
    },
    Action {
        name: "play",
        about: "Plays prompts by name, or music for a time.",
        value: Kind::Either(&[Kind::Sayings, Kind::Shape(&PLAY)]),
        waits: "until it was heard",
        after: After::Next,
        example: "- play: [greeting, question]\n- play: { prompt: music, for: 10s, barge_in: false }",
    },
    Action {
        name: "say",
        about: "Says a text that stands right here; needs the speech command.",
        value: Kind::Either(&[Kind::Spoken, Kind::Shape(&SAY)]),
        waits: "until it was heard",
        after: After::Next,
        example: "- say: { en: \"Hello.\", es: \"Hola.\" }\n- say: { text: { en: \"Hello.\", es: \"Hola.\" }, barge_in: false }",
    },
    Action {
        name: "menu",
        about: "Asks for a key and goes where the key leads.",
        value: Kind::Shape(&MENU),
        waits: "for a key",
        after: After::Elsewhere(""),
        example: "- menu:\n    prompt: question\n    keys:\n      1: { go: orders, label: An order }\n      9: repeat\n    \
                  exits: { exhausted: goodbye }",
    },
    Action {
        name: "collect",
        about: "Asks for digits and keeps them in a variable.",
        value: Kind::Shape(&COLLECT),
        waits: "for digits",
        after: After::Next,
        example: "- collect: { into: order, prompt: question, digits: 4-10, label: order number }",
    },
    Action {
        name: "customer",
        about: "Looks up who calls.",
        value: Kind::Shape(&CUSTOMER),
        waits: "for the answer, `timeout` at the longest",
        after: After::Next,
        example: "- customer: { by: call.from, timeout: 1s }",
    },
    Action {
        name: "http",
        about: "Asks a server outside and keeps its answer in a variable.",
        value: Kind::Shape(&HTTP),
        waits: "for the answer, or until all tries are over; keys are kept",
        after: After::Next,
        example: "- http:\n    get: \"https://shop.example/orders/{{ vars.reason }}\"\n    timeout: 2s\n    into: found\n    \
                  filler: music\n    exits: { not_found: orders, server_error: orders, timeout: orders }",
    },
    Action {
        name: "remote",
        about: "Asks a server outside for steps, signed, and goes through what it answers as through another flow.",
        value: Kind::Shape(&REMOTE),
        waits: "for the answer, and while it is in its steps",
        after: After::Next,
        example: "- remote:\n    url: \"https://bot.example/steps\"\n    secret: BOT_KEY\n    with: { reason: \"{{ vars.reason }}\" }\n    \
                  into: { order: number }\n    exits: { person: orders, timeout: goodbye, invalid: goodbye }",
    },
    Action {
        name: "language",
        about: "Changes the call's language.",
        value: Kind::Either(&[Kind::Name(Refers::Language), Kind::Shape(&LANGUAGE)]),
        waits: "",
        after: After::Next,
        example: "- language: es\n- language: { from: customer.language, ask_if_unknown: choose-language }",
    },
    Action {
        name: "hours",
        about: "Asks a calendar whether it is open, and goes on when it is.",
        value: Kind::Either(&[Kind::Name(Refers::Calendar), Kind::Shape(&HOURS)]),
        waits: "",
        after: After::Next,
        example: "- hours: { check: office, exits: { closed: closed, holiday: closed } }",
    },
    Action {
        name: "branch",
        about: "Goes where the first case leads that holds.",
        value: Kind::List(&Kind::Shape(&CASE)),
        waits: "",
        after: After::Elsewhere("unless no case holds and there is no `else`"),
        example: "- branch:\n    - { when: vars.reason == \"orders\", go: orders }\n    - else: goodbye",
    },
    Action {
        name: "go",
        about: "Goes on in another block.",
        value: Kind::Either(&[Kind::Block, Kind::Shape(&GO)]),
        waits: "",
        after: After::Elsewhere("with `at_most`, only so often"),
        example: "- go: { to: orders, at_most: 2, then: goodbye }",
    },
    Action {
        name: "call",
        about: "Goes through another flow, which comes back by `return`.",
        value: Kind::Either(&[Kind::Name(Refers::Flow), Kind::Shape(&CALL)]),
        waits: "while it is in the other flow",
        after: After::Next,
        example: "- call: verify\n- call: { flow: verify, with: { tries: 3 }, into: { order: account }, exits: { refused: goodbye } }",
    },
    Action {
        name: "return",
        about: "Back to the flow that called: to its next step, or to its exit of this word. A flow that a number leads \
                to ends the call here.",
        value: Kind::Either(&[Kind::Empty, Kind::Word]),
        waits: "",
        after: After::Elsewhere(""),
        example: "- return: verified",
    },
    Action {
        name: "set",
        about: "Sets variables.",
        value: Kind::Map(Key::Name(Refers::Variable), &Kind::Any),
        waits: "",
        after: After::Next,
        example: "- set: { reason: orders }",
    },
    Action {
        name: "tag",
        about: "Keeps words with the interaction, for reports and for whoever answers.",
        value: Kind::Map(Key::Own("a tag"), &Kind::Template),
        waits: "",
        after: After::Next,
        example: "- tag: { wants: \"{{ vars.reason }}\" }",
    },
    Action {
        name: "queue",
        about: "Waits for an agent and talks with them.",
        value: Kind::Either(&[Kind::Name(Refers::Queue), Kind::Shape(&QUEUE)]),
        waits: "until an agent answers, and while they talk",
        after: After::NextOrEnd,
        example: "- queue: { to: support, use: music-and-place, skills: { billing: 3 }, exits: { timeout: goodbye } }",
    },
    Action {
        name: "voicemail",
        about: "Records a message.",
        value: Kind::Either(&[Kind::Name(Refers::Queue), Kind::Shape(&VOICEMAIL)]),
        waits: "until the message is over",
        after: After::NextOrEnd,
        example: "- voicemail: { box: support, prompt: question, max: 2m, exits: { too_short: goodbye } }",
    },
    Action {
        name: "survey",
        about: "Asks for the caller's opinion and keeps each answer with the interaction; its place is behind the exit \
                `answered` of a `queue`.",
        value: Kind::Shape(&SURVEY),
        waits: "for a key to each question",
        after: After::Next,
        example: "- survey: { prompt: rate-us, keys: 1-5, store: csat, tries: 2, exits: { skipped: goodbye } }\n\
                  - survey:\n    questions:\n      - { prompt: rate-us, keys: 1-5, store: csat }\n      \
                  - { prompt: was-it-solved, keys: [1, 2], store: solved }",
    },
    Action {
        name: "consent",
        about: "Tells callers of the recording and takes their yes or no. The words are heard to their end; only the \
                step's own keys count, and nothing typed ahead.",
        value: Kind::Shape(&CONSENT),
        waits: "until the words were heard, and for a key of its own, `timeout` at the longest",
        after: After::Next,
        example: "- consent: { prompt: recorded, opt_out_key: 1, default: granted, exits: { denied: orders } }",
    },
    Action {
        name: "record",
        about: "Begins, stops or pauses the recording of the call.",
        value: Kind::Either(&[RECORDING, Kind::Shape(&RECORD)]),
        waits: "",
        after: After::Next,
        example: "- record: { action: start, beep: true }\n- record: pause\n- record: resume\n- record: stop",
    },
    Action {
        name: "wait",
        about: "A pause in silence, 60 s at most; keys are kept for the next menu.",
        value: Kind::Either(&[Kind::Time, Kind::Shape(&PAUSE)]),
        waits: "for that time",
        after: After::Next,
        example: "- wait: 2s",
    },
    Action {
        name: "notify",
        about: "Tells whoever listens: the event `notified` in the interaction's log and on `GET /events`.",
        value: Kind::Either(&[Kind::Word, Kind::Shape(&NOTIFY)]),
        waits: "",
        after: After::Next,
        example: "- notify: order-asked\n- notify: { event: order-asked, data: { reason: \"{{ vars.reason }}\" } }",
    },
    Action {
        name: "transfer",
        about: "Calls a number outside or an agent, and gives the caller to whoever answers.",
        value: Kind::Either(&[Kind::Text, Kind::Shape(&TRANSFER)]),
        waits: "while it rings, and while they talk",
        after: After::Elsewhere(
            "unless nobody was reached and no exit is handled, or with `return_here`",
        ),
        example: "- transfer:\n    to: \"+34911222333\"\n    ring: 25s\n    caller_id: caller\n    \
                  exits: { no_answer: goodbye, busy: goodbye, failed: goodbye }",
    },
    Action {
        name: "dial",
        about: "Calls as `transfer` does, and goes on in the flow after the talk.",
        value: Kind::Either(&[Kind::Text, Kind::Shape(&DIAL)]),
        waits: "while it rings, and while they talk",
        after: After::Next,
        example: "- dial: \"+34911222333\"\n- dial: { agent: \"2001\", ring: 20s, exits: { busy: orders } }",
    },
    Action {
        name: "offer_callback",
        about: "Will offer to call the caller back. Nothing stands behind it in this version: it is refused (F101) unless \
                its own `exits:` name `unavailable`, which is taken at once.",
        value: Kind::Shape(&OFFER_CALLBACK),
        waits: "",
        after: After::Elsewhere(""),
        example: "- offer_callback: { key: 2, prompt: question, exits: { unavailable: orders } }",
    },
    Action {
        name: "callback",
        about: "Will note that the caller is called back. Nothing stands behind it in this version: it is refused (F101) \
                unless its own `exits:` name `unavailable`, which is taken at once.",
        value: Kind::Shape(&CALLBACK),
        waits: "",
        after: After::Elsewhere(""),
        example: "- callback: { number: caller, exits: { unavailable: orders } }",
    },
    Action {
        name: "pay",
        about: "Will take a payment. Nothing stands behind it in this version: it is refused (F101) unless its own \
                `exits:` name `unavailable`, which is taken at once.",
        value: Kind::Shape(&PAY),
        waits: "",
        after: After::Elsewhere(""),
        example: "- pay: { processor: cards, amount: vars.reason, exits: { unavailable: orders } }",
    },
    Action {
        name: "hangup",
        about: "Ends the call; with a reason it says how a call is refused that was not answered.",
        value: Kind::Either(&[Kind::Empty, CAUSES, Kind::Shape(&HANGUP)]),
        waits: "",
        after: After::Elsewhere(""),
        example: "- hangup: { code: 486 }",
    },
];
