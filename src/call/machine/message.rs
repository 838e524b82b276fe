//! What a flow asks about customers, and messages that callers leave.
//!
//! **Owns**: the one recording of a message; when the interaction's outcome is `voicemail`. **Must not know**: files, SQL.

use super::CallMachine;
use super::phase::Message;
use crate::call::port::{CallOutput, CustomerQuestion, IdSource, LegCommand};
use ivr_flows::FlowInput;
use ivr_flows::port::{CustomerAnswer, Digits};
use router::id::{CustomerId, RecordingId};
use router::{Event, Private, Timestamp};
use std::time::Duration;

/// The tag that names whose message it is.
const TAG: &str = "voicemail";
/// A message that we cut off, at a shutdown for instance, is one from this length on.
const SHORTEST: Duration = Duration::from_secs(1);

impl CallMachine {
    pub(super) fn find_customer(&mut self, ask: u32, number: Digits, create: bool) {
        self.outputs
            .push_back(CallOutput::FindCustomer(CustomerQuestion {
                ask,
                number,
                create,
                fresh: self.setup.new_customer,
            }));
    }

    pub(super) fn customer_found(
        &mut self,
        ask: u32,
        customer: Option<CustomerId>,
        answer: CustomerAnswer,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        if let CustomerAnswer::Found(known) = &answer
            && !known.name.is_empty()
        {
            self.customer_name = Some(Private::new(known.name.clone()));
        }
        if let Some(customer) = customer {
            self.log(Event::CustomerIdentified {
                interaction: self.setup.interaction,
                customer,
            });
        }
        self.drive_flow(FlowInput::Customer { ask, answer }, now, ids);
    }

    pub(super) fn start_message(
        &mut self,
        silence: Duration,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        // A message is a recording of its own.
        self.flow_recording_over();
        let recording = ids.recording();
        self.history.recordings += 1;
        self.history.message = Some(Message {
            recording,
            since: now,
        });
        self.leg(LegCommand::StartMessage {
            recording,
            index: self.history.recordings,
            customer: self.customer.leg,
            silence,
        });
    }

    /// `mailbox`: whose it is; none when it was too short to be a message.
    pub(super) fn message_over(&mut self, mailbox: Option<String>) {
        let Some(message) = self.history.message.take() else {
            return;
        };
        self.leg(LegCommand::StopRecording(message.recording));
        if let Some(value) = mailbox {
            self.history.voicemail = true;
            self.log(Event::Tagged {
                interaction: self.setup.interaction,
                key: TAG.to_owned(),
                value,
            });
        }
    }

    /// The call ends from our side while the caller still speaks.
    pub(super) fn message_cut_off(&mut self, now: Timestamp) {
        if let Some(message) = self.history.message.take() {
            self.leg(LegCommand::StopRecording(message.recording));
            self.history.voicemail |= now.since(message.since) >= SHORTEST;
        }
    }

    pub(super) fn message_failed(
        &mut self,
        recording: RecordingId,
        now: Timestamp,
        ids: &mut dyn IdSource,
    ) {
        let current = self.history.message;
        if current.is_some_and(|message| message.recording == recording) {
            self.history.message = None;
            self.drive_flow(FlowInput::RecordingFailed, now, ids);
        }
    }
}
