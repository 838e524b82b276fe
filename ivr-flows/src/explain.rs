//! A paragraph for each code.
//!
//! **Owns**: the texts of `explain CODE`.
//! **Must not know**: any flow.

/// What the finding `code` means and what to do about it; None for a code that does not exist.
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    TEXTS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .map(|(_, text)| *text)
}

/// Every code that parsing or checking can give.
const TEXTS: [(&str, &str); 37] = [
    (
        "F001",
        "A key, a `go` or an exit leads to a block that does not exist. Blocks are the names under `blocks:`; the help \
         names the nearest one.",
    ),
    (
        "F002",
        "A prompt that a step plays is not defined under `prompts:`, or its audio file is missing and no speech command \
         could say its text. Audio is looked for \
         as `LANG/FILE` and then as `FILE` below the prompts folder; without `file:` the file is `NAME.wav`.",
    ),
    (
        "F003",
        "A prompt lacks text or audio in a language that the flow offers under `languages:`. Callers in that language \
         would hear another one, or nothing.",
    ),
    (
        "F004",
        "A step names a wait, a calendar, a queue, a skill, a secret or a flow that is not there. Waits stand under `waits:` of the \
         flow, calendars under `hours:`, secrets under `vars:` and under `[flows.secrets]` of the settings, other flows beside this \
         one; queues and skills are the company's and are only judged when the company file is at hand.",
    ),
    (
        "F005",
        "A block, a step or a wait can never run: nothing leads to it. Steps after `go`, `hangup` or `menu` never run, \
         because these never go on to the next line.",
    ),
    (
        "F006",
        "Steps form a circle through which a caller who presses nothing would go for ever. Bound it with \
         `go: { to: BLOCK, at_most: 2, then: OTHER }`, or let the exit that closes the circle end the call. Circles that \
         a key or an answering agent opens are fine.",
    ),
    (
        "F007",
        "A block ends and nothing says what comes next. The last step must be `go`, `hangup`, `menu`, `queue` or `voicemail`; after \
         a `queue` or `voicemail` that is last, the call ends politely.",
    ),
    (
        "F008",
        "From this block no path leads to the end of the call: no `hangup` and no `queue` that lets the call end.",
    ),
    (
        "F009",
        "A step can end in a way that nothing handles. A `menu` or `collect` needs `exhausted` (or both `exhausted_silence` and \
         `exhausted_wrong`) in its own `exits:` or under `defaults: { exits: … }`. An `hours` \
         step needs `closed`, which `holiday` falls back to. A step with an expression needs `error`, because an expression can fail in a call; \
         so does `http`, because an answer can be of no use. A `call` needs an exit for each word that the other flow returns with.",
    ),
    (
        "F010",
        "What stands under `when:` or between `{{` and `}}` is no expression, or uses what flows do not have. \
         Expressions are CEL without loops: `vars.reason == \"orders\" && call.from.startsWith(\"+34\")`.",
    ),
    (
        "F011",
        "A step sets or reads a variable that is not declared under `vars:`, or an expression reads a name that does not \
         exist. Expressions read `vars.NAME`, `call.from`, `call.to`, `call.language`, `queue.position`, `queue.ewt`, \
         `queue.ewt_minutes`, `tags.NAME`, and after a `customer` step `customer.known`, `.name`, `.company`, `.language`, `.tier`.",
    ),
    (
        "F012",
        "A step reads a variable that has no `default:` and that nothing on the way has set: it would be empty. Set it \
         before, or give it a default.",
    ),
    (
        "F013",
        "The same key stands twice in one map, so one of the two would be lost; or a menu has `1` and `12` with \
         `between_digits: 0s`, so `12` could never be pressed.",
    ),
    (
        "F014",
        "The words of a menu and its keys do not fit: the prompt says to press a key that the menu does not have, or a \
         key is never told. Every language of `offer:` is read. The `0` for a person need not be told.",
    ),
    (
        "F015",
        "A menu asks too much of a caller: more than five choices, or more than 20 s before the first choice is told.",
    ),
    (
        "F016",
        "A menu from which no way leads to a person or a mailbox, whatever the caller presses. \
         A `0` for a person is what most callers try first.",
    ),
    (
        "F017",
        "A `record: start` can be reached before the caller was asked by a `consent` step, and the company records calls with \
         consent only: `record = \"consent\"` of a trunk, or `default = \"consent\"` under `[recording]`.",
    ),
    (
        "F018",
        "An `hours` step has no `holiday` exit though its calendar has days under `closed_on:`; or a calendar has no \
         `closed_on:` at all, or is never open. Write `closed_on: []` for a calendar without holidays.",
    ),
    (
        "F019",
        "Digits that `collect` takes as `sensitive` are read in a text, a tag, a URL, or the value of another variable: such \
         digits are for checks alone. Or a variable of type `secret` is read or set: it names what the settings hold under \
         `[flows.secrets]`, and only the `secret:` of an `http` step may name it. Sent over `http:` a secret can be read on its way.",
    ),
    (
        "F020",
        "`#:` begins a comment in YAML, so the choice behind it is not there at all. Write `hash:` for the hash key and \
         `star:` for the star key.",
    ),
    (
        "F021",
        "A text without quotes means something else in YAML: ` #` begins a comment, `: ` a second key, `{{` a map. Put \
         the text in quotes; then it is taken as it stands.",
    ),
    (
        "F022",
        "A prompt can be played, and callers would still complain: its peaks are cut off, there is nothing but silence in it, \
         or its loudness is more than 6 LU away from -19 LUFS, so that it is much louder or softer than the others. \
         `cordboard prompt import` brings a recording to that loudness. `cordboard check` listens to every \
         file that the flows and queues name; a file that is missing is F002, F003 or F026, one that cannot be played C010.",
    ),
    (
        "F023",
        "The times of `relax` do not rise from step to step; or after its last step no configured agent who serves the queue, \
         or one that `also` names, has the levels that are still asked for: callers would wait for nobody.",
    ),
    (
        "F024",
        "No test of the flow comes by this step, or takes this exit. `flow test --coverage` tells it; add a test to \
         NAME.test.yaml that goes there.",
    ),
    (
        "F025",
        "The flow asks the caller something, queues or records before it says `answer:`. The call is then answered at that \
         step. Say it yourself, so that one sees where charging begins. `play` and `say` alone need no answer.",
    ),
    (
        "F026",
        "A text that callers are to hear has no audio, and no speech command is set that could say it. Set `command` under \
         `[speech]` of the settings, or record a prompt. Of a prompt with values, the pieces between them are \
         `NAME-1.wav`, `NAME-2.wav` and so on, numbers are said from `numbers/0.wav` to `numbers/9.wav` and further, and a form \
         such as `amount` needs each word that it may be made of.",
    ),
    (
        "F027",
        "Flows call each other in a circle, or more than eight deep. A flow that is called goes back to its caller by `return:`; \
         what repeats stands in one flow, with `go: { to: BLOCK, at_most: 2 }`.",
    ),
    (
        "F100",
        "The text is not YAML. The place is where reading stopped; the cause is often the line before.",
    ),
    (
        "F101",
        "This is part of the flow language, and this version of Cordboard does not run it yet. It is refused rather than \
         left out, so that no caller takes a path that nobody meant.",
    ),
    (
        "F102",
        "A key, a step or an exit has a name that does not exist here. The help names the nearest one.",
    ),
    ("F103", "Something that is needed is missing."),
    (
        "F104",
        "A value is of the wrong kind or out of range. The help says what may stand here.",
    ),
    (
        "F105",
        "A step is a map with exactly one action, besides `id:` and `note:`. Start a new `-` line for the second action.",
    ),
    (
        "F106",
        "Anchors, aliases, merge keys, tags such as `!include`, keys that are lists or maps, and several documents in one \
         file are refused: what runs must stand in the text, so that a comparison of two versions shows it.",
    ),
    ("F107", "The file is too large or nested too deeply."),
    (
        "F108",
        "`flow:` is the number of the file format. This version reads format 1.",
    ),
    (
        "F109",
        "A name may hold letters, digits, `-`, `_` and `.`, at most 64. `repeat`, `hangup` and `return` are targets and \
         cannot be names of blocks.",
    ),
];

#[cfg(test)]
mod tests {
    use super::{TEXTS, explain};

    #[test]
    fn codes_are_in_order_and_found_in_any_case() {
        assert!(TEXTS.is_sorted_by_key(|(code, _)| *code));
        assert!(explain("f006").is_some_and(|text| text.contains("at_most")));
        assert_eq!(explain("F999"), None);
    }
}
