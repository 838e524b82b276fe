//! Agents of the example: who rings for whom, consent, the talk's recording, the survey, and gold customers.

use super::line::{Line, Workshop, comes, is_here};
use super::shop::nowhere;
use super::went_by;
use crate::hold::{AGENT_HZ, CUSTOMER_HZ, heard_in};
use crate::support::phone::seconds;
use crate::support::world::channels;
use serde_json::{Value, json};

fn answers(record: &Value) -> Vec<Value> {
    let all = record["survey"].as_array().unwrap().iter();
    all.map(|one| json!([one["question"], one["answer"]]))
        .collect()
}

#[test]
fn help_leads_to_an_agent_of_the_language_and_ends_with_the_survey() {
    let line = Line::start(Workshop::Open, nowhere());
    let ben = comes(&line, "ben");
    let spanish = line.stranger_in("es");
    spanish.press("2");
    spanish.hears(&["one-moment", "recorded"]);
    // Does not want to be recorded.
    spanish.press("1");
    let english = line.stranger_in("en");
    english.press("2");
    english.hears(&["one-moment", "recorded"]);
    // Ben speaks no Spanish: the second caller is his.
    let ringing = ben.wait_ring(seconds(20)).unwrap();
    let talk = english.talks(ringing);
    let ana = comes(&line, "ana");
    let ringing = ana.wait_ring(seconds(20)).unwrap();
    let with_ana = spanish.talks(ringing);
    talk.wait_tone(CUSTOMER_HZ, seconds(20)).unwrap();
    talk.hang_up();
    with_ana.hang_up();
    for caller in [&english, &spanish] {
        caller.hears_at_last("rate-us");
    }
    english.press("4");
    english.hears(&["goodbye"]);
    // Nothing for four seconds.
    spanish.hears(&["goodbye"]);
    let callers = [english.left_by_line(), spanish.left_by_line()];
    let record = line.record(&callers[0]);
    assert_eq!(answers(&record), [json!(["csat", 4])], "{record:#}");
    assert_eq!(record["agent"], "ben");
    assert_eq!(record["tags"]["reason"], "help");
    assert_eq!(record["recording_consent"]["granted"], true);
    let id = record["id"].as_str().unwrap();
    let (_, left, right) = channels(&line.world.recording_file(id, 1));
    assert!(heard_in(&left, CUSTOMER_HZ) >= 0.2, "the caller");
    assert!(heard_in(&right, AGENT_HZ) >= 0.2, "the agent");
    let record = line.record(&callers[1]);
    assert_eq!(answers(&record), [json!(["csat", null])], "{record:#}");
    assert_eq!(record["agent"], "ana");
    assert_eq!(record["recording_consent"]["granted"], false);
    assert_eq!(record["recordings"], json!([]), "{record:#}");
    let test = "help_leads_to_an_agent_of_the_language_and_ends_with_the_survey";
    went_by(&line, test, &callers);
}

#[test]
fn gold_customers_are_served_before_those_who_came_earlier() {
    let line = Line::start(Workshop::Open, nowhere());
    let stranger = line.stranger_in("en");
    stranger.press("2");
    stranger.waits();
    let mut waiting = vec![stranger];
    for (name, language) in [("Priya Raman", "en"), ("Carmen Otero", "es")] {
        let mut gold = line.call(line.customer(name));
        gold.language = language;
        gold.hears(&["greeting", "main-menu"]);
        gold.press("0");
        gold.waits();
        waiting.insert(waiting.len() - 1, gold);
    }
    // The one agent who speaks Spanish comes to all three: gold first, in the order in which they called.
    let ana = comes(&line, "ana");
    let mut callers = Vec::new();
    for caller in waiting {
        let ringing = ana.wait_ring(seconds(20)).unwrap();
        let rung_for = ringing.header("X-Cordboard-Interaction").unwrap();
        let talk = caller.talks(ringing);
        talk.hang_up();
        caller.hears_at_last("rate-us");
        caller.press("5");
        caller.hears(&["goodbye"]);
        let number = caller.left_by_line();
        assert_eq!(
            line.record(&number)["id"],
            rung_for,
            "{number} was not the next"
        );
        callers.push(number);
    }
    let test = "gold_customers_are_served_before_those_who_came_earlier";
    went_by(&line, test, &callers);
}

#[test]
fn repairs_ring_the_mechanic_and_after_a_while_the_colleague() {
    let line = Line::start(Workshop::Open, nowhere());
    let chloe = is_here(&line, "chloe");
    let ben = is_here(&line, "ben");
    let mut callers = Vec::new();
    let mut talks = Vec::new();
    for (language, agent) in [("en", &ben), ("es", &chloe)] {
        let caller = line.stranger_in(language);
        caller.press("3");
        // Chloe idles for longer, but is no good mechanic: she rings for the second, after half a minute of music.
        caller.hears(&["one-moment", "recorded"]);
        let ringing = agent.wait_ring(seconds(60)).unwrap();
        talks.push((caller.talks(ringing), caller));
    }
    for (talk, caller) in talks {
        talk.hang_up();
        caller.hears_at_last("rate-us");
        callers.push(caller.hangs_up());
    }
    for (caller, agent) in callers.iter().zip(["ben", "chloe"]) {
        let record = line.record(caller);
        assert_eq!(record["agent"], agent, "{record:#}");
        assert_eq!(record["tags"]["reason"], "repair");
    }
    let test = "repairs_ring_the_mechanic_and_after_a_while_the_colleague";
    went_by(&line, test, &callers);
}
