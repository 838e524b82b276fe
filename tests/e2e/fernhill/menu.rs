//! The main menu of the example: silence, wrong keys, the other language.

use super::line::{Line, Workshop};
use super::shop::nowhere;
use super::went_by;

#[test]
fn silence_wrong_keys_and_repeat_are_answered_in_both_languages() {
    let line = Line::start(Workshop::Open, nowhere());
    let callers = line.in_both(|language| {
        let caller = line.stranger_in(language);
        caller.press("7");
        caller.hears(&["not-an-option", "main-menu-short"]);
        caller.press("9");
        caller.hears_again("main-menu-short");
        // And nothing for six seconds.
        caller.hears(&["still-there", "main-menu-short"]);
        caller.press("0");
        caller.waits();
        vec![caller.hangs_up()]
    });
    let record = line.record(&callers[0]);
    assert_eq!(record["tags"]["left"], "caller", "{record:#}");
    let test = "silence_wrong_keys_and_repeat_are_answered_in_both_languages";
    went_by(&line, test, &callers);
}

/// Who is known is greeted in their own language at once, and may change it.
#[test]
fn customers_are_greeted_in_their_language() {
    let line = Line::start(Workshop::Open, nowhere());
    let pablo = line.customer("Pablo Serrano");
    let mut caller = line.call(pablo);
    caller.language = "es";
    caller.hears(&["greeting", "main-menu"]);
    caller.press("8");
    caller.language = "en";
    caller.hears(&["main-menu"]);
    caller.press("8");
    caller.language = "es";
    caller.hears(&["main-menu"]);
    caller.hangs_up();
}
