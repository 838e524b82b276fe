//! What callers of the example hear while nobody is free.

use super::ears::MUSIC;
use super::line::{Line, Workshop};
use super::shop::nowhere;
use super::went_by;

#[test]
fn who_waits_hears_the_place_and_that_all_are_busy() {
    let line = Line::start(Workshop::Open, nowhere());
    let callers: Vec<_> = [("en", None), ("en", Some("2")), ("es", Some("3"))]
        .into_iter()
        .map(|(language, place)| {
            let caller = line.stranger_in(language);
            caller.press("2");
            caller.waits();
            (caller, place)
        })
        .collect();
    for (caller, place) in &callers {
        if let Some(place) = place {
            caller.hears(&["place-1", &format!("numbers/{place}")]);
        }
        // What stands behind the number, where the language has something there.
        if place.is_some() && caller.language == "en" {
            caller.hears(&["place-2"]);
        }
        caller.hears(&["still-busy", MUSIC]);
    }
    let callers: Vec<_> = callers
        .into_iter()
        .map(|(caller, _)| caller.hangs_up())
        .collect();
    for caller in &callers {
        let record = line.record(caller);
        assert_eq!(record["outcome"], "abandoned", "{record:#}");
    }
    let test = "who_waits_hears_the_place_and_that_all_are_busy";
    went_by(&line, test, &callers);
}
