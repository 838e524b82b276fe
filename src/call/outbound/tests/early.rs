//! What is heard of the carrier before it answers.

use super::*;

#[test]
fn the_carrier_is_heard_before_the_answer_and_recorded_from_it_on() {
    let mut script = Script::dialled();
    script.leg(PARTY, LegEvent::EarlyMedia);
    let bridge = PhoneOutput::Bridge { a: PARTY, b: PHONE };
    assert_eq!(
        script.said,
        [
            PhoneOutput::EarlyMedia(PHONE),
            bridge.clone(),
            PhoneOutput::Ringback(PHONE)
        ]
    );
    script.leg(PHONE, LegEvent::MediaLost);
    script.leg(PARTY, LegEvent::Progress { status: 183 });
    assert_eq!(script.said, []);
    script.leg(PARTY, LegEvent::Progress { status: 180 });
    assert_eq!(script.said, [PhoneOutput::Ringback(PHONE)]);
    script.leg(PARTY, LegEvent::Answered);
    let record = PhoneOutput::StartRecording {
        customer: PARTY,
        agent: PHONE,
    };
    assert!(
        script.says(&PhoneOutput::Answer(PHONE)) && script.says(&bridge) && script.says(&record)
    );
    // An announcement and a refusal: no talk, so nothing of it is in a recording.
    let mut script = Script::dialled();
    script.leg(PARTY, LegEvent::EarlyMedia);
    script.ended(PARTY, LegEndCause::Rejected(404));
    assert!(script.says(&PhoneOutput::Reject {
        leg: PHONE,
        status: 404
    }));
    assert!(!script.says(&PhoneOutput::StopRecording));
}
