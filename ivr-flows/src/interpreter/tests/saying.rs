//! Texts with values: pieces with files, values as numbers and digits, languages, and what cannot be said.

use std::time::Duration;

use super::Call;
use crate::port::{FlowInput, PlayToken};

const FLOW: &str = "
languages: { default: en, offer: [en, es] }
vars: { order: { type: string, default: \"0042\" }, name: { type: string, default: Ana }, count: { type: int, default: 7 }, none: { type: string } }
prompts:
  status: { en: \"Order {{ vars.order }} is ready, {{ vars.name }}.\", es: \"Su pedido {{ vars.order }}.\" }
  plain: { en: \"Hello.\" }
  music: { file: moh.wav }
defaults: { exits: { error: away } }
blocks:
  start:
    - answer:
    STEP
    - hangup:
  away:
    - tag: { was: error }
    - hangup:
";

fn heard(step: &str) -> String {
    let mut call = Call::new(&FLOW.replace("STEP", step));
    call.heard()
}

#[test]
fn a_prompt_with_values_is_said_in_pieces_that_have_files() {
    let said = heard("- play: status");
    assert_eq!(said, "answer, play status-1+digits 0042+status-2+<Ana>");
    assert_eq!(
        heard("- language: es\n    - play: status"),
        "answer, play [es] status-1+digits 0042"
    );
    // What the call's language lacks is said in the flow's own.
    assert_eq!(
        heard("- language: es\n    - play: [plain, music]"),
        "answer, play [es] plain+moh"
    );
}

#[test]
fn a_text_of_its_own_has_words_and_no_file() {
    let said = heard("- say: \"You are number {{ vars.count }}, {{ vars.none }}. Bye.\"");
    assert_eq!(said, "answer, play \"You are number\"+#7+\". Bye.\"");
    assert_eq!(
        heard("- say: { en: Hello, es: Hola }"),
        "answer, play \"Hello\""
    );
    assert_eq!(
        heard("- play: [plain, { say: Bye }]"),
        "answer, play plain+\"Bye\""
    );
    let menu = "- menu: { say: \"Press 1.\", keys: { 1: away }, exits: { exhausted: away } }";
    let call = heard(&format!("- go: away\n      when: false\n    {menu}"));
    assert_eq!(call, "answer, play \"Press 1.\"");
}

#[test]
fn what_cannot_be_worked_out_is_left_out_and_told_once() {
    let mut call = Call::new(&FLOW.replace(
        "STEP",
        "- say: \"One {{ 1 / (vars.count - 7) }}.\"\n    - say: \"{{ 1 / 0 }}\"",
    ));
    let first = call.heard();
    assert!(
        first.starts_with("answer, incident") && first.ends_with("play "),
        "{first}"
    );
    assert_eq!(call.ended(), "play ");
}

#[test]
fn what_cannot_be_spoken_takes_its_own_error_exit_never_an_inherited_one() {
    let failed = |step: &str| {
        let mut call = Call::new(&FLOW.replace("STEP", step));
        call.heard();
        call.other(FlowInput::PlayFailed(PlayToken(0)))
    };
    assert_eq!(failed("- say: Hello"), "hangup Hangup");
    let own = "- say: { text: Hello, exits: { error: away } }";
    assert_eq!(failed(own), "tag was=error, hangup Hangup");
    // A menu goes on listening.
    let mut call = Call::new(&FLOW.replace("STEP", "- go: away\n      when: false\n    - menu: { prompt: plain, keys: { 1: away }, exits: { exhausted: away } }"));
    call.heard();
    assert_eq!(call.other(FlowInput::PlayFailed(PlayToken(0))), "");
    assert_eq!(
        call.key('1'),
        "start: 1 = away, tag was=error, hangup Hangup"
    );
}

#[test]
fn a_waiting_caller_hears_the_place_and_the_expected_wait() {
    let mut call = Call::new(
        "
prompts: { music: { file: m.wav } }
blocks:
  start:
    - answer:
    - queue: { to: support, use: w }
waits:
  w:
    loop:
      - say: \"You are number {{ queue.position }}.\"
        when: queue.position > 0
      - say: \"About {{ queue.ewt_minutes }} minutes.\"
        when: queue.ewt > 0
      - play: { prompt: music, for: 10s }
",
    );
    assert_eq!(call.heard(), "answer, queue support, play m for 10s");
    let place = |position, seconds: Option<u64>| FlowInput::Queued {
        position,
        expected: seconds.map(Duration::from_secs),
    };
    assert_eq!(call.other(place(3, None)), "");
    call.seconds(10);
    assert_eq!(call.ended(), "play \"You are number\"+#3");
    assert_eq!(call.other(place(2, Some(150))), "");
    assert_eq!(call.ended(), "play \"About\"+#3+\"minutes.\"");
    call.ended();
    call.seconds(10);
    assert_eq!(call.ended(), "play \"You are number\"+#2");
}

#[test]
fn a_wait_in_which_nothing_holds_makes_no_storm() {
    let mut call = Call::new(
        "
prompts: { music: { file: m.wav } }
blocks:
  start:
    - answer:
    - queue: { to: support, use: w }
waits:
  w: { loop: [ { play: music, when: queue.position > 2 }, { play: music, when: \"1 / 0 == 1\" } ] }
",
    );
    let first = call.heard();
    assert!(
        first.starts_with("answer, queue support, incident"),
        "{first}"
    );
    assert_eq!(call.seconds(5), "");
    call.other(FlowInput::Queued {
        position: 3,
        expected: None,
    });
    assert_eq!(call.seconds(1), "play m");
}

#[test]
fn values_are_said_in_their_forms_in_the_calls_language() {
    let text = "{ en: 'Due {{ amount(vars.sum, \"EUR\") }} on {{ date(vars.due) }}.', es: '{{ vars.sum.amount(\"EUR\") }}' }";
    let flow = FLOW.replace(
        "none: { type: string }",
        "sum: { type: string, default: \"21.01\" }, due: { type: string, default: \"2026-11-23\" }, odd: { type: string, default: x }",
    );
    let heard = |step: &str| Call::new(&flow.replace("STEP", step)).heard();
    assert_eq!(
        heard(&format!("- say: {text}")),
        "answer, play \"Due\"+~twenty-one euros and one cent+\"on\"+~Monday the twenty-third of November"
    );
    assert_eq!(
        heard(&format!("- language: es\n    - say: {text}")),
        "answer, play [es] ~veintiún euros con un céntimo"
    );
    // What is no amount is left out, and the call goes on.
    let odd = heard("- say: '{{ amount(vars.odd, \"EUR\") }}'\n    - say: Bye");
    assert!(
        odd.contains("a text is left out") && odd.ends_with("play "),
        "{odd}"
    );
}
