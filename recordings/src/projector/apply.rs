//! What each kind of event means for the rows.
//!
//! **Owns**: the order rows, log, documents, position, and one arm per rare kind of event; `batch.rs` has the common
//! ones. **Must not know**: SQL, files, transactions; it works inside one that it is handed.

use super::batch;
use crate::error::StoreError;
use crate::store::{
    Conn, closures, consents, documents, events, interactions, legs, meta, notes, path, pauses,
    recordings, surveys, wrap_up_choices,
};
use router::event::TalkChange;
use router::{Event, LogLine, Timestamp};
use std::collections::BTreeSet;

/// Applies the lines behind the position, then moves the position.
pub(crate) async fn lines(conn: &mut Conn, lines: &[LogLine]) -> Result<(), StoreError> {
    let position = meta::journal_seq(conn).await?;
    let new: Vec<&LogLine> = lines.iter().filter(|line| line.seq > position).collect();
    batch::write(conn, &new).await?;
    events::insert(conn, &new).await?;
    let touched: BTreeSet<_> = new
        .iter()
        .filter_map(|line| line.event.interaction())
        .collect();
    documents::behind(conn, &touched.into_iter().collect::<Vec<_>>()).await?;
    let last = new.iter().map(|line| line.seq).max().unwrap_or(position);
    meta::set_journal_seq(conn, last).await
}

/// Keeps the line in the log and notes that the interaction's document is behind.
pub(super) async fn log_only(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    events::insert(conn, &[line]).await?;
    let touched: Vec<_> = line.event.interaction().into_iter().collect();
    documents::behind(conn, &touched).await
}

/// A line of a kind that is too rare to be gathered.
pub(super) async fn one(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    let at = line.at;
    match &line.event {
        Event::RouterStarted { epoch } => meta::raise_epoch(conn, *epoch).await,
        Event::Connected {
            interaction,
            agent,
            leg,
        } => {
            interactions::connected(conn, *interaction, *agent, at).await?;
            legs::connected(conn, *interaction, *leg, at).await
        }
        Event::TalkPaused {
            interaction,
            recording,
            cause,
        } => pauses::began(conn, line.seq, (*interaction, *recording), *cause, at).await,
        Event::TalkResumed { interaction, .. } => pauses::ended(conn, *interaction, at).await,
        Event::RecordingStarted { .. } | Event::RecordingFinished { .. } => {
            recording(conn, at, &line.event).await
        }
        Event::TalkChanged { .. } => by_supervisor(conn, line).await,
        Event::MenuChosen { .. }
        | Event::Tagged { .. }
        | Event::RecordingConsent { .. }
        | Event::SurveyAnswered { .. }
        | Event::CustomerIdentified { .. } => in_flow(conn, line).await,
        Event::QueueClosed { .. } | Event::QueueOpened { .. } => of_queues(conn, line).await,
        Event::CustomerConfirmed { .. }
        | Event::NotesHandedOn { .. }
        | Event::WrapUpCoded { .. }
        | Event::WrapUpStarted { .. }
        | Event::WrapUpEnded { .. } => by_agents(conn, line).await,
        // Gathered, see `batch.rs`.
        Event::CallArrived { .. }
        | Event::CallAnswered { .. }
        | Event::CallEnded { .. }
        | Event::LegStarted { .. }
        | Event::LegEnded { .. }
        | Event::QueueEntered { .. }
        | Event::QueueLeft { .. }
        | Event::Decided { .. }
        | Event::OfferMade { .. }
        | Event::OfferEnded { .. }
        | Event::AgentStateChanged { .. }
        // Told by the log alone.
        | Event::RouterInput { .. }
        | Event::StepEntered { .. }
        | Event::Typed { .. }
        | Event::Notified { .. }
        | Event::FlowDialled { .. }
        | Event::LanguageSet { .. }
        | Event::WrapUpExtended { .. }
        | Event::QueueRelaxed { .. }
        | Event::QueueOverflowed { .. }
        | Event::QueueReprioritised { .. }
        // Their rows were written before the line.
        | Event::NotesSaved { .. }
        | Event::TaskChanged { .. }
        | Event::FlowPointed { .. }
        | Event::SupervisorTold { .. } => Ok(()),
    }
}

/// What the caller did in the flow, and what the flow found out.
async fn in_flow(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    let at = line.at;
    match &line.event {
        Event::MenuChosen {
            interaction,
            block,
            key,
            label,
        } => path::menu_chosen(conn, line.seq, *interaction, at, [block, key, label]).await,
        Event::Tagged {
            interaction,
            key,
            value,
        } => path::tagged(conn, *interaction, key, value).await,
        Event::RecordingConsent {
            interaction,
            granted,
            by_key,
        } => consents::told(conn, *interaction, at, (*granted, *by_key)).await,
        Event::SurveyAnswered {
            interaction,
            question,
            answer,
        } => surveys::answered(conn, line.seq, *interaction, at, (question, *answer)).await,
        Event::CustomerIdentified {
            interaction,
            customer,
        } => interactions::identified(conn, *interaction, *customer).await,
        _ => Ok(()),
    }
}

/// A queue was closed or opened.
async fn of_queues(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    match &line.event {
        Event::QueueClosed { closure } => closures::closed(conn, closure).await,
        Event::QueueOpened {
            closure, cause, by, ..
        } => closures::opened(conn, *closure, *cause, by.user, line.at).await,
        _ => Ok(()),
    }
}

/// A supervisor who is no agent: whose leg it was, and whether they had the customer.
async fn by_supervisor(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    let Event::TalkChanged {
        interaction,
        change,
        user: Some(user),
        leg: Some(leg),
        ..
    } = &line.event
    else {
        return Ok(());
    };
    legs::of_user(conn, *leg, *user).await?;
    if *change == TalkChange::TookOver {
        interactions::taken_over(conn, *interaction, *user).await?;
        legs::connected(conn, *interaction, *leg, line.at).await?;
    }
    Ok(())
}

/// What agents do about an interaction after the talk.
async fn by_agents(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    let at = line.at;
    match &line.event {
        Event::CustomerConfirmed {
            interaction,
            customer,
            ..
        } => interactions::confirmed(conn, *interaction, *customer, at).await,
        Event::WrapUpCoded {
            interaction,
            code,
            name,
            tags,
            by,
        } => {
            let choice = wrap_up_choices::Chosen {
                interaction: *interaction,
                code,
                name,
                tags,
                by: *by,
                at,
            };
            wrap_up_choices::chosen(conn, &choice).await
        }
        Event::NotesHandedOn { interaction, by } => {
            let notes = line.personal.as_ref().and_then(|told| told.notes.as_ref());
            match notes {
                Some(notes) => notes::handed_on(conn, *interaction, notes, *by, at).await,
                None => Ok(()),
            }
        }
        Event::WrapUpStarted { interaction, agent } => {
            interactions::wrap_up_started(conn, line.seq, *interaction, *agent, at).await
        }
        Event::WrapUpEnded { interaction, agent } => {
            interactions::wrap_up_ended(conn, *interaction, *agent, at).await
        }
        _ => Ok(()),
    }
}

async fn recording(conn: &mut Conn, at: Timestamp, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::RecordingStarted {
            interaction,
            recording,
            index,
            path,
            sample_rate,
            recording_kind,
        } => {
            let row = recordings::Recording {
                id: *recording,
                interaction: *interaction,
                index: *index,
                path,
                sample_rate: *sample_rate,
                kind: *recording_kind,
                at,
            };
            recordings::started(conn, row).await
        }
        Event::RecordingFinished {
            recording,
            frames,
            gap_ms,
            recovered,
            ..
        } => {
            recordings::finished(conn, *recording, at, *frames, *gap_ms, *recovered).await?;
            pauses::cut_off(conn, *recording).await
        }
        _ => Ok(()),
    }
}
