//! The exits in words.
//!
//! **Owns**: when each exit is taken and what happens when nothing handles it.
//! **Must not know**: which of them a step has; its shape says so.

use super::Exit;

/// Every exit, in the order of the page.
pub(crate) const EXITS: &[Exit] = &[
    Exit {
        name: "exhausted",
        of: &["menu", "collect"],
        when: "the tries are used up; answers for the next two where they are not named",
        unhandled: "refused by the check",
    },
    Exit {
        name: "exhausted_silence",
        of: &["menu", "collect"],
        when: "the tries are used up, the last by silence",
        unhandled: "`exhausted`",
    },
    Exit {
        name: "exhausted_wrong",
        of: &["menu", "collect"],
        when: "the tries are used up, the last by a wrong key",
        unhandled: "`exhausted`",
    },
    Exit {
        name: "interrupted",
        of: &["play", "say"],
        when: "a key was pressed",
        unhandled: "next step",
    },
    Exit {
        name: "not_found",
        of: &["customer"],
        when: "nobody has that number, or it is withheld",
        unhandled: "next step",
    },
    Exit {
        name: "timeout",
        of: &["customer"],
        when: "it took too long, or failed; only its own `exits:` count",
        unhandled: "next step",
    },
    Exit {
        name: "not_found",
        of: &["http"],
        when: "the server says 404 or 410",
        unhandled: "`error` of the same `exits:`",
    },
    Exit {
        name: "client_error",
        of: &["http"],
        when: "the server says any other 4xx",
        unhandled: "`error` of the same `exits:`",
    },
    Exit {
        name: "server_error",
        of: &["http"],
        when: "the server says 5xx, cannot be reached, or its certificate is not trusted",
        unhandled: "`error` of the same `exits:`",
    },
    Exit {
        name: "timeout",
        of: &["http"],
        when: "no answer came in time; only its own `exits:` count",
        unhandled: "`error` of its own `exits:`, else the inherited `error`",
    },
    Exit {
        name: "timeout",
        of: &["remote"],
        when: "no answer came in time; only its own `exits:` count",
        unhandled: "`error` of its own `exits:`, else the inherited `error`",
    },
    Exit {
        name: "invalid",
        of: &["remote"],
        when: "the server cannot be reached, or its answer is no steps that may be gone through",
        unhandled: "`error` of its own `exits:`, else the inherited `error`",
    },
    Exit {
        name: "recorded",
        of: &["voicemail"],
        when: "a message was left",
        unhandled: "next step",
    },
    Exit {
        name: "too_short",
        of: &["voicemail"],
        when: "nothing was said, or less than `min`",
        unhandled: "next step",
    },
    Exit {
        name: "skipped",
        of: &["survey"],
        when: "the tries of a question are used up",
        unhandled: "next step",
    },
    Exit {
        name: "granted",
        of: &["consent"],
        when: "the caller may be recorded",
        unhandled: "next step",
    },
    Exit {
        name: "denied",
        of: &["consent"],
        when: "the caller may not be recorded",
        unhandled: "next step",
    },
    Exit {
        name: "no_answer",
        of: &["transfer", "dial"],
        when: "nobody answered in time, or is there",
        unhandled: "next step",
    },
    Exit {
        name: "busy",
        of: &["transfer", "dial"],
        when: "they talk, or declined",
        unhandled: "next step",
    },
    Exit {
        name: "failed",
        of: &["transfer", "dial"],
        when: "it could not be called",
        unhandled: "next step",
    },
    Exit {
        name: "done",
        of: &["transfer", "dial"],
        when: "they talked, and the called party hung up first",
        unhandled: "next step; without `return_here` the call ends",
    },
    Exit {
        name: "accepted",
        of: &["offer_callback", "callback"],
        when: "the caller will be called back",
        unhandled: "this version never takes it",
    },
    Exit {
        name: "declined",
        of: &["offer_callback", "callback", "pay"],
        when: "the caller, or the bank, said no",
        unhandled: "this version never takes it",
    },
    Exit {
        name: "invalid_number",
        of: &["offer_callback", "callback"],
        when: "the number cannot be called",
        unhandled: "this version never takes it",
    },
    Exit {
        name: "paid",
        of: &["pay"],
        when: "the payment was taken",
        unhandled: "this version never takes it",
    },
    Exit {
        name: "abandoned",
        of: &["pay"],
        when: "the caller gave up",
        unhandled: "this version never takes it",
    },
    Exit {
        name: "unavailable",
        of: &["offer_callback", "callback", "pay"],
        when: "always, at once, in this version; only its own `exits:` count",
        unhandled: "refused by the check (F101)",
    },
    Exit {
        name: "answered",
        of: &["queue"],
        when: "the agent left first",
        unhandled: "next step",
    },
    Exit {
        name: "open",
        of: &["hours"],
        when: "it is open",
        unhandled: "next step",
    },
    Exit {
        name: "closed",
        of: &["hours"],
        when: "it is not open",
        unhandled: "refused by the check",
    },
    Exit {
        name: "holiday",
        of: &["hours"],
        when: "the day stands under `closed_on:`",
        unhandled: "`closed`",
    },
    Exit {
        name: "timeout",
        of: &["queue"],
        when: "nobody came in time; where the step or its wait names it, it comes before the queue's own way \
               (`docs/routing-rules.md`, Overflow)",
        unhandled: "next step",
    },
    Exit {
        name: "full",
        of: &["queue"],
        when: "the queue takes nobody more; else as `timeout`",
        unhandled: "next step",
    },
    Exit {
        name: "no_agents",
        of: &["queue"],
        when: "nobody works who could take the call; else as `timeout`",
        unhandled: "next step",
    },
    Exit {
        name: "closed",
        of: &["queue"],
        when: "a supervisor closed it, after their message, or the company has it no more",
        unhandled: "next step; after the last one the call ends",
    },
    Exit {
        name: "error",
        of: &["play", "say"],
        when: "nothing could be made audible; only its own `exits:` count",
        unhandled: "next step",
    },
    Exit {
        name: "error",
        of: &[],
        when: "something failed on our side, an expression too",
        unhandled: "queue: next step; expressions: refused by the check; else the call ends",
    },
    Exit {
        name: "hangup",
        of: &[],
        when: "the caller hung up",
        unhandled: "the flow is over",
    },
];
