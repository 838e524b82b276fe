//! `http`: what is asked, what each answer means, what is heard and typed meanwhile.

use super::Call;
use crate::calendar::CompanyHours;
use crate::flow::Value;
use crate::port::{CallFacts, FetchAnswer, FlowInput};

const FLOW: &str = "
vars: { order: { type: map }, number: { type: string }, KEY: { type: secret }, list: { type: list } }
prompts: { moment: { en: a }, ask: { en: b } }
defaults: { exits: { error: bad, not_found: above, timeout: never } }
blocks:
  start:
    - answer:
    - collect: { into: number, prompt: ask, digits: 1-9, exits: { exhausted: bad } }
    - http:
        get: \"https://shop.example/orders/{{ vars.number }}?by={{ call.from }}\"
        headers: { X-To: \"{{ call.to }}\" }
        secret: KEY
        timeout: 2s
        retries: 1
        into: order
        filler: moment
        EXITS
      id: orders
    - tag: { status: \"{{ vars.order.status }}\" }
    - hangup:
  above:
    - tag: { end: above }
    - hangup:
  bad:
    - tag: { end: bad }
    - hangup:
  down:
    - tag: { end: down }
    - hangup:
  never:
    - hangup:
";

/// A call whose question is asked.
fn call(exits: &str) -> Call {
    let facts = CallFacts {
        from: "+34600".to_owned(),
        to: "9000 x".to_owned(),
        began_at: None,
        hours: CompanyHours::default(),
    };
    let mut call = Call::with_facts(&FLOW.replace("EXITS", exits), facts);
    call.give(FlowInput::Start);
    call.ended();
    for key in "123".chars() {
        call.key(key);
    }
    call.heard();
    call.give(FlowInput::Key('#'));
    call
}

fn answer(status: u16, body: Option<&str>) -> FetchAnswer {
    let body = body.map(|text| Value::from_json(text).unwrap());
    FetchAnswer::Answered { status, body }
}

fn answered(call: &mut Call, answer: FetchAnswer) -> String {
    call.other(FlowInput::Fetched { ask: 1, answer })
}

#[test]
fn what_is_asked_holds_the_values_and_no_secret() {
    let mut call = call("");
    assert_eq!(
        call.heard(),
        "fetch 1 GET https://shop.example/orders/123?by=%2B34600 [X-To: 9000 x] KEY in None, 2s + 1, by orders in start"
    );
    let good = answer(200, Some("{\"status\": \"sent\"}"));
    assert!(!format!("{good:?}").contains("sent"), "{good:?}");
    assert_eq!(answered(&mut call, good), "tag status=sent, hangup Hangup");
}

#[test]
fn each_answer_takes_its_exit_or_the_error_of_the_nearest_place() {
    let own = "exits: { server_error: down }";
    for (given, exits, expected) in [
        (answer(404, None), "", "tag end=above, hangup Hangup"),
        (answer(410, None), "", "tag end=above, hangup Hangup"),
        // The step's own word is nearer than an inherited one.
        (
            answer(404, None),
            "exits: { error: down }",
            "INCIDENT tag end=down, hangup Hangup",
        ),
        (answer(503, None), own, "tag end=down, hangup Hangup"),
        (FetchAnswer::Unreachable, own, "tag end=down, hangup Hangup"),
        (answer(503, None), "", "INCIDENT tag end=bad, hangup Hangup"),
        (
            answer(422, None),
            own,
            "INCIDENT tag end=bad, hangup Hangup",
        ),
        (
            answer(301, None),
            own,
            "INCIDENT tag end=bad, hangup Hangup",
        ),
        // What is inherited for `timeout` is meant for queues.
        (
            FetchAnswer::TimedOut,
            "",
            "INCIDENT tag end=bad, hangup Hangup",
        ),
        (
            FetchAnswer::TimedOut,
            "exits: { timeout: down }",
            "tag end=down, hangup Hangup",
        ),
        (
            FetchAnswer::Refused("it lies"),
            own,
            "INCIDENT tag end=bad, hangup Hangup",
        ),
        // Another type, or nothing.
        (
            answer(200, Some("[1]")),
            own,
            "INCIDENT tag end=bad, hangup Hangup",
        ),
        (
            answer(200, None),
            own,
            "INCIDENT tag end=bad, hangup Hangup",
        ),
    ] {
        let mut call = call(exits);
        call.heard();
        let mut heard = answered(&mut call, given.clone());
        if heard.starts_with("incident") {
            let (incident, rest) = heard.split_once(", tag").unwrap();
            assert!(incident.contains("block `start`"), "{incident}");
            heard = format!("INCIDENT tag{rest}");
        }
        assert_eq!(heard, expected, "{given:?} {exits}");
    }
}

#[test]
fn the_filler_begins_when_it_takes_long_and_yields_to_the_answer() {
    let mut call = call("");
    call.heard();
    assert_eq!(call.pass(std::time::Duration::from_millis(999)), "");
    assert_eq!(call.seconds(1), "play moment for 4s");
    let good = answer(200, Some("{\"status\": 7}"));
    assert_eq!(
        answered(&mut call, good),
        "stop, tag status=7, hangup Hangup"
    );
}

#[test]
fn what_never_answers_is_waited_for_no_longer_than_its_tries() {
    let mut call = call("");
    call.heard();
    assert_eq!(call.seconds(4), "play moment for 4s");
    let heard = call.seconds(1);
    assert!(
        heard.starts_with("stop, incident:") && heard.ends_with("tag end=bad, hangup Hangup"),
        "{heard}"
    );
    assert_eq!(answered(&mut call, answer(200, None)), "", "too late");
}

#[test]
fn keys_are_kept_and_a_caller_who_leaves_ends_it() {
    let steps = FLOW.replace(
        "- hangup:\n  above:",
        "- menu: { prompt: ask, keys: { 5: above }, exits: { exhausted: bad } }\n  above:",
    );
    let mut call = Call::new(&steps.replace("EXITS", ""));
    call.ended();
    for key in "1#".chars() {
        call.key(key);
    }
    call.heard();
    assert_eq!(call.key('5'), "");
    let good = answer(200, Some("{\"status\": true}"));
    assert_eq!(
        answered(&mut call, good),
        "tag status=true, start: 5 = above, tag end=above, hangup Hangup"
    );
    let mut call = self::call("");
    call.heard();
    assert_eq!(call.other(FlowInput::HungUp), "hangup CallerLeft");
    assert_eq!(answered(&mut call, answer(200, None)), "");
}

#[test]
fn a_value_stays_one_part_of_the_url() {
    let flow = "
vars: { v: { type: string, default: VALUE } }
defaults: { exits: { error: bad } }
blocks:
  start:
    - http: { get: \"https://a.b/x/{{ vars.v }}/y?q={{ vars.v }}\" }
    - hangup:
  bad:
    - hangup:
";
    for (value, expected) in [
        ("\"a/b\"", "https://a.b/x/a%2Fb/y?q=a%2Fb"),
        (
            "\"é ?&#\"",
            "https://a.b/x/%C3%A9%20%3F%26%23/y?q=%C3%A9%20%3F%26%23",
        ),
        ("\"a\\r\\nb\"", "https://a.b/x/a%0D%0Ab/y?q=a%0D%0Ab"),
        ("\"a-._~Z9\"", "https://a.b/x/a-._~Z9/y?q=a-._~Z9"),
        ("\"%2e%2e\"", "https://a.b/x/%252e%252e/y?q=%252e%252e"),
    ] {
        let heard = Call::new(&flow.replace("VALUE", value)).heard();
        assert!(heard.contains(&format!("GET {expected},")), "{heard}");
    }
    for value in ["\"..\"", "\".\""] {
        let heard = Call::new(&flow.replace("VALUE", value)).heard();
        assert!(heard.starts_with("incident:"), "{heard}");
    }
}

#[test]
fn bodies_are_json_or_text() {
    let flow = "
vars: { n: { type: int, default: 7 }, l: { type: list, default: [a, 1.5, true, null] } }
defaults: { exits: { error: bad } }
blocks:
  start:
    - http: { post: \"https://a.b\", body: BODY }
    - hangup:
  bad:
    - hangup:
";
    for (body, expected) in [
        (
            "{ n: \"{{ vars.n }}\", t: \"n {{ vars.n }}\", l: \"{{ vars.l }}\" }",
            "{\"l\":[\"a\",1.5,true,null],\"n\":7,\"t\":\"n 7\"}",
        ),
        ("\"n is {{ vars.n }}\"", "n is 7"),
        ("[1, { a: b }]", "[1,{\"a\":\"b\"}]"),
    ] {
        let heard = Call::new(&flow.replace("BODY", body)).heard();
        assert!(heard.contains(&format!(" sends {expected}")), "{heard}");
    }
}
