//! One interaction as a story.
//!
//! **Owns**: the sentences. Pure: a record in, text out. **Must not know**: the store, the terminal.

use crate::decision_words::{name, tell_closure, tell_decision};
use recordings::Utc;
use recordings::store::record::{
    InteractionRecord, LegRecord, OfferRecord, QueueEntryRecord, RecordingRecord,
};
use router::event::{Direction, LegRole, RecordingKind};
use router::outcome::{EntryOutcome, OfferOutcome};
use std::fmt::Write as _;

/// The whole story: a head line, what happened in order, legs with their media, recordings.
pub(super) fn tell(record: &InteractionRecord) -> String {
    let mut text = head(record);
    let started = record.summary.times.started_at;
    for (at, line) in timeline(record) {
        let _ = writeln!(text, "  {}  {line}", offset(started, at));
    }
    text.push_str("\nLegs\n");
    for leg in &record.legs {
        let _ = writeln!(text, "  {}", tell_leg(leg));
    }
    if record.legs.is_empty() {
        text.push_str("  none\n");
    }
    text.push_str("\nRecordings\n");
    for recording in &record.recordings {
        let _ = writeln!(text, "  {}", tell_recording(recording));
    }
    if record.recordings.is_empty() {
        text.push_str("  none\n");
    }
    text
}

fn head(record: &InteractionRecord) -> String {
    let parties = &record.summary.parties;
    let caller = parties
        .caller_number
        .as_ref()
        .map_or("a withheld number", |number| number.reveal());
    let dialed = parties
        .dialed_number
        .as_ref()
        .map_or("us", |number| number.reveal());
    let called = match record.summary.direction {
        Direction::Outbound => {
            let agent = record.summary.agent.as_deref().unwrap_or("an agent");
            format!("{agent}, shown as {caller}, called out to {dialed}")
        }
        Direction::Inbound | Direction::Internal => format!("{caller} called {dialed}"),
    };
    let way = parties.trunk.as_ref().map_or_else(
        || "from a phone of ours".to_owned(),
        |trunk| format!("by trunk {trunk}"),
    );
    let end = match (record.summary.outcome, record.summary.end_cause) {
        (Some(outcome), Some(cause)) => {
            format!("{}, ended by {}", outcome.as_str(), cause.as_str())
        }
        (Some(outcome), None) => outcome.as_str().to_owned(),
        _ => "still live".to_owned(),
    };
    let path: Vec<String> = record
        .menu_path
        .iter()
        .map(|choice| format!("{} ({})", choice.label, choice.key))
        .collect();
    let path = if path.is_empty() {
        "no choice made".to_owned()
    } else {
        path.join(" > ")
    };
    format!(
        "Interaction {}\n{called} {way} at {}; flow {} (version {}).\n\
         Outcome: {end}.\nMenu path: {path}.\n\n",
        record.summary.id,
        record.summary.times.started_at,
        record.summary.flow,
        record
            .summary
            .flow_version
            .get(..12)
            .unwrap_or(&record.summary.flow_version),
    )
}

/// Everything that happened, in order of time; what happened at the same moment in the order it is pushed here.
fn timeline(record: &InteractionRecord) -> Vec<(Utc, String)> {
    let times = &record.summary.times;
    let mut lines = vec![(times.started_at, "the call arrived".to_owned())];
    lines.extend(times.answered_at.map(|at| (at, "we answered".to_owned())));
    for choice in &record.menu_path {
        let line = format!(
            "in menu {} the caller pressed {}: {}",
            choice.block, choice.key, choice.label
        );
        lines.push((choice.at, line));
    }
    record
        .queue_entries
        .iter()
        .for_each(|entry| entered(entry, &mut lines));
    for decision in &record.decisions {
        lines.push((decision.at, tell_decision(decision)));
    }
    for offer in &record.offers {
        lines.extend(
            offer
                .ended_at
                .map(|at| (at, tell_offer(offer, &record.offers))),
        );
    }
    record
        .queue_entries
        .iter()
        .for_each(|entry| left(entry, &mut lines));
    if let Some(at) = times.connected_at {
        let agent = record.summary.agent.as_deref().unwrap_or("the agent");
        lines.push((at, format!("the customer and {agent} heard each other")));
    }
    lines.extend(
        times
            .ended_at
            .map(|at| (at, "the customer's leg ended".to_owned())),
    );
    if let Some(wrap_up) = &record.wrap_up {
        let agent = name(wrap_up.agent.as_deref(), wrap_up.agent_id);
        lines.push((wrap_up.started_at, format!("{agent} began wrap-up")));
        lines.extend(
            wrap_up
                .ended_at
                .map(|at| (at, format!("{agent} ended wrap-up"))),
        );
    }
    lines.sort_by_key(|(at, _)| *at);
    lines
}

fn entered(entry: &QueueEntryRecord, lines: &mut Vec<(Utc, String)>) {
    let queue = entry.queue.as_deref().unwrap_or("a queue that is gone");
    let line = format!(
        "the caller began to wait in {queue}, needing {}",
        needs(&entry.requirement)
    );
    lines.push((entry.entered_at, line));
}

fn left(entry: &QueueEntryRecord, lines: &mut Vec<(Utc, String)>) {
    let (Some(at), Some(outcome)) = (entry.left_at, entry.outcome) else {
        return;
    };
    let queue = entry.queue.as_deref().unwrap_or("a queue that is gone");
    let wait = entry.wait.unwrap_or_default();
    let closure = entry.closure.as_ref();
    let refused = closure.map(|closure| format!("the queue {}", tell_closure(closure, None)));
    let how = match outcome {
        EntryOutcome::Answered => "an agent answered",
        EntryOutcome::Abandoned => "the caller hung up",
        EntryOutcome::ShortAbandoned => "the caller hung up at once",
        EntryOutcome::Overflowed => "the flow went on to another queue",
        EntryOutcome::KeyExit => "the caller left by a key",
        EntryOutcome::Callback => "a callback was agreed",
        EntryOutcome::Voicemail => "the queue sent the caller to its voicemail",
        EntryOutcome::TimedOut => "the longest wait was over",
        EntryOutcome::Refused => refused
            .as_deref()
            .unwrap_or("the queue did not take the caller"),
        EntryOutcome::Failed => "it failed by our fault",
    };
    lines.push((
        at,
        format!("the wait in {queue} ended after {wait:.1} s: {how}"),
    ));
}

fn needs(requirement: &router::company::Skills) -> String {
    if requirement.is_empty() {
        return "no skill".to_owned();
    }
    let needs: Vec<String> = requirement
        .iter()
        .map(|(skill, level)| format!("{skill} {level}"))
        .collect();
    needs.join(" and ")
}

fn tell_offer(offer: &OfferRecord, all: &[OfferRecord]) -> String {
    let agent = name(offer.agent.as_deref(), offer.agent_id);
    match offer.outcome {
        Some(OfferOutcome::Accepted) => format!("{agent} answered"),
        Some(OfferOutcome::Declined) => format!("{agent} declined"),
        Some(OfferOutcome::NoAnswer) => format!("{agent} did not answer"),
        Some(OfferOutcome::Unreachable) => format!("{agent}'s phone could not be reached"),
        Some(OfferOutcome::CallerLeft) => format!("the caller left while it rang at {agent}"),
        Some(OfferOutcome::Revoked) if offer.lost_to_another(all) => {
            format!("a colleague answered before {agent}")
        }
        Some(OfferOutcome::Revoked) => format!("the offer to {agent} was taken back"),
        None => format!("the offer to {agent} ended"),
    }
}

fn tell_leg(leg: &LegRecord) -> String {
    let mut text = match leg.role {
        LegRole::Customer => "customer".to_owned(),
        LegRole::Outside => "whom the flow called".to_owned(),
        LegRole::Agent => leg.agent_id.map_or_else(
            || "agent".to_owned(),
            |id| format!("agent {}", name(leg.agent.as_deref(), id)),
        ),
    };
    let _ = write!(text, ", from {}", leg.started_at);
    match (&leg.ended_at, &leg.cause) {
        (Some(at), Some(cause)) => {
            let _ = write!(text, " to {at} ({cause})");
        }
        (Some(at), None) => {
            let _ = write!(text, " to {at}");
        }
        _ => text.push_str(", still there"),
    }
    if let Some(quality) = &leg.quality {
        let _ = write!(
            text,
            "; {}: {} packets received, {} sent, {} lost{}, {} ignored, jitter {:.1} ms",
            quality.codec,
            quality.packets_received,
            quality.packets_sent,
            quality.packets_lost,
            loss(quality.packets_received, quality.packets_lost),
            quality.packets_ignored,
            quality.jitter_ms,
        );
        if let Some(round_trip) = quality.round_trip_ms {
            let _ = write!(text, ", round trip {round_trip:.0} ms");
        }
        if let Some(far_lost) = quality.far_lost {
            let _ = write!(text, ", {far_lost} lost on the way there");
        }
        if let Some(mos) = quality.mos {
            let _ = write!(text, ", MOS {mos:.1}");
        }
    } else {
        text.push_str("; no media counted");
    }
    text
}

/// ` (0.5 %)` of what should have arrived.
fn loss(received: u64, lost: u64) -> String {
    let expected = received.saturating_add(lost);
    if lost == 0 || expected == 0 {
        return String::new();
    }
    let tenths = lost.saturating_mul(1_000) / expected;
    format!(" ({}.{} %)", tenths / 10, tenths % 10)
}

fn tell_recording(recording: &RecordingRecord) -> String {
    let mut text = format!(
        "{} at {} samples per second, {}",
        recording.path,
        recording.sample_rate,
        match recording.kind {
            RecordingKind::Talk => "left the customer, right the agent",
            RecordingKind::Voicemail => "a message that the customer left",
        }
    );
    match recording.duration {
        Some(duration) => {
            let _ = write!(text, "; {duration:.1} s");
        }
        None => text.push_str("; still running"),
    }
    if let Some(gap) = recording.gap.filter(|gap| *gap > 0.0) {
        let _ = write!(text, ", of these {gap:.1} s silence in place of lost audio");
    }
    if recording.recovered {
        text.push_str("; repaired after a crash");
    }
    text
}

/// Time since the call arrived: `+01:02.345`.
fn offset(started: Utc, at: Utc) -> String {
    let millis = at.0.since(started.0).as_millis();
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    format!("+{minutes:02}:{:02}.{:03}", rest / 1_000, rest % 1_000)
}
