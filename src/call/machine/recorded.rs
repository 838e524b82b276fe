//! Whether the call is recorded: the company's rule, the caller's word and the flow's, held together.
//!
//! **Owns**: that a caller who said no is never recorded again in this call, whoever they talk with; the recording that
//! the flow began, until a talk takes it over. **Must not know**: files; where the company's rule stands.

use super::CallMachine;
use super::phase::FlowRecording;
use crate::call::port::{IdSource, LegCommand};
use crate::config::settings::RecordPolicy;
use ivr_flows::port::RecordAction;
use router::Event;
use router::event::PauseCause;
use router::id::RecordingId;
use sip_gateway::leg::LegId;

impl CallMachine {
    /// The caller was asked. Who says no is not recorded from here on, and what runs ends.
    pub(super) fn consented(&mut self, granted: bool, by_key: bool) {
        self.history.consent = Some(granted);
        self.log(Event::RecordingConsent {
            interaction: self.setup.interaction,
            granted,
            by_key,
        });
        if !granted {
            self.flow_recording_over();
        }
    }

    /// The caller's no counts first, then the company's, then the flow's.
    fn may_record(&self, policy: RecordPolicy) -> bool {
        let history = &self.history;
        let agreed = match policy {
            RecordPolicy::Always => true,
            RecordPolicy::Never => false,
            RecordPolicy::Consent => history.consent == Some(true),
        };
        agreed && history.consent != Some(false) && !history.flow_says_no
    }

    pub(super) fn flow_records(&mut self, what: RecordAction, ids: &mut dyn IdSource) {
        match what {
            RecordAction::Start => {
                self.history.flow_says_no = false;
                if self.history.flow_recording.is_none() && self.may_record(self.setup.record) {
                    let customer = self.customer.leg;
                    let recording = self.start_recording(customer, ids);
                    self.history.flow_recording = Some(FlowRecording {
                        recording,
                        paused: false,
                    });
                }
            }
            RecordAction::Stop => {
                self.history.flow_says_no = true;
                self.flow_recording_over();
            }
            RecordAction::Pause => self.flow_pauses(true),
            RecordAction::Resume => self.flow_pauses(false),
        }
    }

    /// Left: the customer. Right: the agent, nobody as long as the customer's own leg stands there.
    fn start_recording(&mut self, agent: LegId, ids: &mut dyn IdSource) -> RecordingId {
        let recording = ids.recording();
        self.history.recordings += 1;
        self.leg(LegCommand::StartRecording {
            recording,
            index: self.history.recordings,
            customer: self.customer.leg,
            agent,
        });
        recording
    }

    /// Its time goes on in silence, with a mark.
    fn flow_pauses(&mut self, paused: bool) {
        let Some(running) = self.history.flow_recording.as_mut() else {
            return;
        };
        if std::mem::replace(&mut running.paused, paused) == paused {
            return;
        }
        let recording = running.recording;
        self.leg(LegCommand::PauseRecording { recording, paused });
        let interaction = self.setup.interaction;
        let recording = Some(recording);
        self.log(if paused {
            Event::TalkPaused {
                interaction,
                recording,
                cause: PauseCause::Flow,
            }
        } else {
            Event::TalkResumed {
                interaction,
                recording,
            }
        });
    }

    /// What is recorded of a talk that begins: what the flow has begun goes on, with the agent on its right. A pause of
    /// the flow ends: it was meant for what the caller typed.
    pub(super) fn talk_recording(
        &mut self,
        policy: RecordPolicy,
        agent: LegId,
        ids: &mut dyn IdSource,
    ) -> Option<RecordingId> {
        if !self.may_record(policy) {
            self.flow_recording_over();
            return None;
        }
        self.flow_pauses(false);
        let Some(running) = self.history.flow_recording.take() else {
            return Some(self.start_recording(agent, ids));
        };
        self.leg(LegCommand::RecordOthers {
            recording: running.recording,
            customer: self.customer.leg,
            agents: vec![agent],
        });
        Some(running.recording)
    }

    /// The flow's own recording ends: it is told to, the caller says no, or nobody is there any more.
    pub(super) fn flow_recording_over(&mut self) {
        self.flow_pauses(false);
        if let Some(running) = self.history.flow_recording.take() {
            self.leg(LegCommand::StopRecording(running.recording));
        }
    }
}
