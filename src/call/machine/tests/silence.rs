//! The ringing tone of a caller who waits in silence.

use super::{CUSTOMER, Script};
use crate::call::port::{CallInput, CallOutput, LegCommand};
use router::id::AgentId;
use sip_gateway::leg::{LegEndCause, LegEvent, LegId, PlayId};

const QUIET: &str = r#"
flow: 1
name: support
prompts: { tip: { en: "A tip." } }
blocks:
  start:
    - answer:
    - queue: support
    - hangup:
"#;

/// A caller in a queue without music, whose flow plays nothing either.
fn waiting(music: Option<&str>) -> Script {
    let mut script = Script::begin_in(QUIET, None, music);
    let entry = script.entry();
    script.say(CallInput::Queued {
        entry,
        position: 1,
        expected: None,
    });
    script
}

fn progress(script: &mut Script, leg: LegId, status: u16) {
    let event = LegEvent::Progress { status };
    script.say(CallInput::Leg { leg, event });
}

fn heard(script: &Script) -> Vec<&LegCommand> {
    let audible = script.last.iter().filter_map(|output| match output {
        CallOutput::Leg(command) => Some(command),
        _ => None,
    });
    let is_sound = |command: &&LegCommand| {
        matches!(
            command,
            LegCommand::Ringback(_) | LegCommand::StopPlay(_) | LegCommand::Play(_)
        )
    };
    audible.filter(is_sound).collect()
}

#[test]
fn who_hears_nothing_hears_the_phone_ring() {
    let mut script = waiting(None);
    let leg = script.offer();
    progress(&mut script, leg, 100);
    assert!(heard(&script).is_empty());
    progress(&mut script, leg, 180);
    assert_eq!(heard(&script), [&LegCommand::Ringback(CUSTOMER)]);
    progress(&mut script, leg, 183);
    assert!(heard(&script).is_empty());
    // Declined: nobody rings.
    let (cause, quality) = (LegEndCause::Rejected(603), None);
    let event = LegEvent::Ended { cause, quality };
    script.say(CallInput::Leg { leg, event });
    assert_eq!(heard(&script), [&LegCommand::StopPlay(CUSTOMER)]);
    // The next one does; the bridge ends the tone by itself.
    let leg = script.offer();
    let event = LegEvent::EarlyMedia;
    script.say(CallInput::Leg { leg, event });
    assert_eq!(heard(&script), [&LegCommand::Ringback(CUSTOMER)]);
    let event = LegEvent::Answered;
    script.say(CallInput::Leg { leg, event });
    let (offer, agent) = (script.offer_id(), AgentId::from_number(7));
    script.say(CallInput::OfferAccepted { offer, agent });
    assert!(heard(&script).is_empty());
}

#[test]
fn who_hears_music_goes_on_hearing_it() {
    let mut script = waiting(Some("own.wav"));
    let leg = script.offer();
    progress(&mut script, leg, 180);
    assert!(heard(&script).is_empty());
    // The file is gone: better a tone than nothing.
    let play = PlayId(u64::MAX);
    script.say(CallInput::PlayFailed { play });
    assert_eq!(heard(&script), [&LegCommand::Ringback(CUSTOMER)]);
}
