//! What each kind of event means for the rows.
//!
//! **Owns**: one arm per event. **Must not know**: SQL, files, transactions; it works inside one that it is handed.

use crate::error::StoreError;
use crate::store::interactions::Arrival;
use crate::store::names::StateChange;
use crate::store::queue_entries::{Entry, Offer};
use crate::store::{
    Conn, customers, decisions, events, interactions, legs, meta, names, queue_entries, recordings,
};
use router::event::PersonalData;
use router::{Event, LogLine, Timestamp};
use std::collections::BTreeSet;

/// Applies the lines behind the position, then moves the position.
pub(crate) async fn lines(conn: &mut Conn, lines: &[LogLine]) -> Result<(), StoreError> {
    let position = meta::journal_seq(conn).await?;
    let new: Vec<&LogLine> = lines.iter().filter(|line| line.seq > position).collect();
    for line in &new {
        one(conn, line).await?;
    }
    // Each statement costs two changes of thread, so what can wait for the end of the batch is written at once.
    events::insert(conn, &new).await?;
    let touched: BTreeSet<_> = new
        .iter()
        .filter_map(|line| line.event.interaction())
        .collect();
    for id in touched {
        interactions::document_due(conn, id).await?;
    }
    let last = new.iter().map(|line| line.seq).max().unwrap_or(position);
    meta::set_journal_seq(conn, last).await
}

/// Keeps the line in the log and notes that the interaction's document is behind.
pub(super) async fn log_only(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    events::insert(conn, &[line]).await?;
    if let Some(id) = line.event.interaction() {
        interactions::document_due(conn, id).await?;
    }
    Ok(())
}

async fn one(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    let at = line.at;
    match &line.event {
        Event::RouterStarted { epoch } => meta::raise_epoch(conn, *epoch).await,
        Event::CallArrived { .. } => arrived(conn, line).await,
        Event::QueueEntered { .. }
        | Event::QueueLeft { .. }
        | Event::Decided { .. }
        | Event::OfferMade { .. }
        | Event::OfferEnded { .. } => waiting(conn, line).await,
        Event::LegStarted { .. } | Event::LegEnded { .. } | Event::Connected { .. } => {
            leg(conn, at, &line.event).await
        }
        Event::RecordingStarted { .. } | Event::RecordingFinished { .. } => {
            recording(conn, at, &line.event).await
        }
        Event::AgentStateChanged { .. } => agent(conn, at, &line.event).await,
        Event::CallAnswered { interaction } => interactions::answered(conn, *interaction, at).await,
        Event::MenuChosen {
            interaction,
            block,
            key,
            label,
        } => interactions::menu_chosen(conn, line.seq, *interaction, at, [block, key, label]).await,
        Event::Tagged {
            interaction,
            key,
            value,
        } => interactions::tagged(conn, *interaction, key, value).await,
        Event::CustomerIdentified {
            interaction,
            customer,
        } => interactions::identified(conn, *interaction, *customer).await,
        Event::CallEnded {
            interaction,
            outcome,
            end_cause,
        } => interactions::ended(conn, *interaction, at, *outcome, *end_cause).await,
        Event::WrapUpStarted { interaction, agent } => {
            interactions::wrap_up_started(conn, line.seq, *interaction, *agent, at).await
        }
        Event::WrapUpEnded { interaction, agent } => {
            interactions::wrap_up_ended(conn, *interaction, *agent, at).await
        }
        // Told by the log alone.
        Event::StepEntered { .. } | Event::SupervisorTold { .. } => Ok(()),
    }
}

async fn arrived(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    let Event::CallArrived {
        interaction,
        trunk,
        flow,
        flow_version,
        ..
    } = &line.event
    else {
        return Ok(());
    };
    let none = PersonalData::default();
    let personal = line.personal.as_ref().unwrap_or(&none);
    let customer = customers::of_call(conn, personal, line.at).await?;
    let arrival = Arrival {
        id: *interaction,
        at: line.at,
        trunk: trunk.as_deref(),
        flow,
        flow_version,
        customer,
        personal,
    };
    interactions::arrived(conn, arrival).await
}

async fn waiting(conn: &mut Conn, line: &LogLine) -> Result<(), StoreError> {
    let at = line.at;
    match &line.event {
        Event::QueueEntered {
            interaction,
            entry,
            queue,
            v,
            class,
            requirement,
            ..
        } => {
            let row = Entry {
                id: *entry,
                interaction: *interaction,
                queue: *queue,
                at,
                v: *v,
                class: *class,
                requirement,
            };
            queue_entries::entered(conn, row).await?;
            interactions::in_queue(conn, *interaction, *queue).await
        }
        Event::QueueLeft {
            entry,
            outcome,
            agent,
            ..
        } => queue_entries::left(conn, *entry, at, *outcome, *agent).await,
        Event::Decided { decision } => decisions::decided(conn, line.seq, decision).await,
        Event::OfferMade {
            interaction,
            entry,
            offer,
            agent,
            queue,
        } => {
            let row = Offer {
                id: *offer,
                interaction: *interaction,
                entry: *entry,
                queue: *queue,
                agent: *agent,
                at,
            };
            queue_entries::offer_made(conn, row).await
        }
        Event::OfferEnded { offer, outcome, .. } => {
            queue_entries::offer_ended(conn, *offer, at, *outcome).await
        }
        _ => Ok(()),
    }
}

async fn leg(conn: &mut Conn, at: Timestamp, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::LegStarted {
            interaction,
            leg,
            role,
            agent,
            sip_call_id,
        } => {
            let row = legs::Leg {
                id: *leg,
                interaction: *interaction,
                role: *role,
                agent: *agent,
                sip_call_id,
                at,
            };
            legs::started(conn, row).await
        }
        Event::LegEnded {
            leg,
            cause,
            quality,
            ..
        } => legs::ended(conn, *leg, at, cause, quality.as_ref()).await,
        Event::Connected {
            interaction,
            agent,
            leg,
        } => {
            interactions::connected(conn, *interaction, *agent, at).await?;
            legs::connected(conn, *interaction, *leg, at).await
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
        } => recordings::finished(conn, *recording, at, *frames, *gap_ms, *recovered).await,
        _ => Ok(()),
    }
}

async fn agent(conn: &mut Conn, at: Timestamp, event: &Event) -> Result<(), StoreError> {
    let Event::AgentStateChanged {
        agent,
        to,
        reason,
        interaction,
        idle_since,
        ready_seq,
        ..
    } = event
    else {
        return Ok(());
    };
    let change = StateChange {
        agent: *agent,
        state: *to,
        reason: reason.as_ref(),
        interaction: *interaction,
        idle_since: *idle_since,
        ready_seq: *ready_seq,
    };
    names::agent_state_changed(conn, at, change).await
}
