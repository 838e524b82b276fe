//! What of a record becomes an item of the time line, and its words. PURE.

use super::told::{Told, told};
use super::{ItemBody, ItemKind};
use crate::decision_words::{tell_closure, tell_decision};
use recordings::Utc;
use recordings::store::record::{
    InteractionRecord, LegRecord, OfferRecord, QueueEntryRecord, RecordingRecord,
};
use router::event::{LegRole, RecordingKind};
use router::id::AgentId;
use router::outcome::{EndCause, EntryOutcome, OfferOutcome};
use std::collections::BTreeMap;

/// By their beginning; what began together in the order of a call.
pub(super) fn of(record: &InteractionRecord, time_zone: &str) -> Vec<ItemBody> {
    let mut items = vec![menu(record)];
    items.extend(record.menu_path.iter().map(|choice| {
        let words = format!("Chose {} (key {})", choice.label, choice.key);
        moment(ItemKind::Choice, choice.at, words)
    }));
    let entries = record.queue_entries.iter();
    items.extend(entries.map(|entry| waiting(entry, time_zone)));
    items.extend(record.decisions.iter().map(|decision| ItemBody {
        agent: decision.chosen.agent.clone(),
        queue: decision.queue.clone(),
        ..moment(ItemKind::Decision, decision.at, tell_decision(decision))
    }));
    items.extend(
        record
            .offers
            .iter()
            .map(|offer| ringing(offer, &record.offers)),
    );
    items.extend(record.legs.iter().filter_map(talk));
    items.extend(told_by_the_log(record));
    items.extend(record.recordings.iter().map(recording));
    items.extend(end(record));
    items.extend(record.wrap_up.iter().map(|work| ItemBody {
        agent: work.agent.clone(),
        ..span(
            ItemKind::WrapUp,
            work.started_at,
            work.ended_at,
            "Wrap-up".to_owned(),
        )
    }));
    items.extend(record.note_authors.iter().map(|note| {
        let words = format!("Notes by {}", note.author);
        moment(ItemKind::Notes, note.last_at, words)
    }));
    items.sort_by_key(|item| item.from);
    items
}

fn moment(kind: ItemKind, at: Utc, words: String) -> ItemBody {
    ItemBody {
        kind,
        from: at,
        to: None,
        lasts: false,
        words,
        agent: None,
        queue: None,
    }
}

fn span(kind: ItemKind, from: Utc, to: Option<Utc>, words: String) -> ItemBody {
    ItemBody {
        to,
        lasts: true,
        ..moment(kind, from, words)
    }
}

/// The agents that the record names, by id.
fn logins(record: &InteractionRecord) -> BTreeMap<AgentId, String> {
    let legs = record.legs.iter().map(|leg| (leg.agent_id, &leg.agent));
    let offers = record.offers.iter();
    let offers = offers.map(|offer| (Some(offer.agent_id), &offer.agent));
    legs.chain(offers)
        .filter_map(|(id, login)| Some((id?, login.clone()?)))
        .collect()
}

/// From the beginning until the caller waits, talks or leaves.
fn menu(record: &InteractionRecord) -> ItemBody {
    let times = &record.summary.times;
    let waited = record.queue_entries.first().map(|entry| entry.entered_at);
    let to = waited.or(times.connected_at).or(times.ended_at);
    let words = format!("In the menus of {}", record.summary.flow);
    span(ItemKind::Menu, times.started_at, to, words)
}

fn waiting(entry: &QueueEntryRecord, time_zone: &str) -> ItemBody {
    let queue = entry.queue.as_deref().unwrap_or("a queue that is gone");
    let how = entry.outcome.map_or("", |outcome| match outcome {
        EntryOutcome::Answered => ": an agent answered",
        EntryOutcome::Abandoned => ": the caller hung up",
        EntryOutcome::ShortAbandoned => ": the caller hung up at once",
        EntryOutcome::Overflowed => ": sent on to another queue",
        EntryOutcome::KeyExit => ": left by a key",
        EntryOutcome::Callback => ": a callback was agreed",
        EntryOutcome::Voicemail => ": sent to the voicemail of the queue",
        EntryOutcome::TimedOut => ": the longest wait was over",
        EntryOutcome::Refused => ": the queue did not take the caller",
        EntryOutcome::Failed => ": failed by our fault",
    });
    let closed = entry.closure.as_ref();
    let closed =
        closed.map(|closure| format!(": the queue {}", tell_closure(closure, Some(time_zone))));
    let how = closed.as_deref().unwrap_or(how);
    ItemBody {
        queue: entry.queue.clone(),
        agent: entry.agent.clone(),
        ..span(
            ItemKind::Waiting,
            entry.entered_at,
            entry.left_at,
            format!("Waited in {queue}{how}"),
        )
    }
}

fn ringing(offer: &OfferRecord, all: &[OfferRecord]) -> ItemBody {
    let agent = offer.agent.as_deref().unwrap_or("an agent");
    let how = offer.outcome.map_or("", |outcome| match outcome {
        OfferOutcome::Accepted => ": answered",
        OfferOutcome::Declined => ": declined",
        OfferOutcome::NoAnswer => ": no answer",
        OfferOutcome::Unreachable => ": the phone could not be reached",
        OfferOutcome::CallerLeft => ": the caller left",
        OfferOutcome::Revoked if offer.lost_to_another(all) => ": a colleague answered first",
        OfferOutcome::Revoked => ": taken back",
    });
    ItemBody {
        agent: offer.agent.clone(),
        ..span(
            ItemKind::Ringing,
            offer.made_at,
            offer.ended_at,
            format!("Rang at {agent}{how}"),
        )
    }
}

/// An agent's leg, from the moment that the customer hears it.
fn talk(leg: &LegRecord) -> Option<ItemBody> {
    let from = leg.connected_at.filter(|_| leg.role == LegRole::Agent)?;
    let agent = leg.agent.as_deref().unwrap_or("an agent");
    Some(ItemBody {
        agent: leg.agent.clone(),
        ..span(
            ItemKind::Talk,
            from,
            leg.ended_at,
            format!("Talked with {agent}"),
        )
    })
}

/// What the log alone knows: when a pause begins and when it ends (the end of the call ends the last), who came and left,
/// what was written down. A line that this program cannot read any more says nothing.
fn told_by_the_log(record: &InteractionRecord) -> Vec<ItemBody> {
    let logins = logins(record);
    let mut found: Vec<ItemBody> = Vec::new();
    let close = |found: &mut Vec<ItemBody>, at: Option<Utc>| {
        let open = |item: &&mut ItemBody| item.kind == ItemKind::Pause && item.to.is_none();
        if let Some(last) = found.iter_mut().rfind(open) {
            last.to = at;
        }
    };
    for line in &record.events {
        let Some(event) = line.as_event() else {
            continue;
        };
        match told(&event, |agent| logins.get(&agent).cloned()) {
            Told::Elsewhere => {}
            Told::PauseBegins(words) => {
                close(&mut found, Some(line.at));
                found.push(span(ItemKind::Pause, line.at, None, words.to_owned()));
            }
            Told::PauseEnds => close(&mut found, Some(line.at)),
            Told::Moment(kind, words, agent) => found.push(ItemBody {
                agent: agent.and_then(|agent| logins.get(&agent).cloned()),
                ..moment(kind, line.at, words)
            }),
        }
    }
    close(&mut found, record.summary.times.ended_at);
    found
}

fn recording(recording: &RecordingRecord) -> ItemBody {
    let what = match recording.kind {
        RecordingKind::Talk => "Recording",
        RecordingKind::Voicemail => "Message",
    };
    let words = format!("{what} {}", recording.index);
    let last = recording.duration.and_then(|seconds| {
        let length = std::time::Duration::try_from_secs_f64(seconds).ok()?;
        Some(Utc(recording.started_at.0 + length))
    });
    // Its own length is to the sample; the file is closed a moment later.
    let to = recording.finished_at.map(|closed| last.unwrap_or(closed));
    span(ItemKind::Recording, recording.started_at, to, words)
}

fn end(record: &InteractionRecord) -> Option<ItemBody> {
    let at = record.summary.times.ended_at?;
    let why = record.summary.end_cause.map_or("", |cause| match cause {
        EndCause::Customer => ": the customer hung up",
        EndCause::Agent => ": the agent hung up",
        EndCause::Flow => ": the menu ended it",
        EndCause::Transfer => ": handed to somebody outside",
        EndCause::Timeout => ": a time limit",
        EndCause::MediaLost => ": the audio was lost",
        EndCause::Shutdown => ": the server was stopped",
        EndCause::Crash => ": the server crashed",
        EndCause::Error => ": a fault of ours",
    });
    Some(moment(ItemKind::End, at, format!("The call ended{why}")))
}
