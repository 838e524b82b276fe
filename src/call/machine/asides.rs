//! What an agent says beside the talk: a request for help, and notes for whoever has the caller next.
//!
//! **Owns**: that a request is open once, answered by the first supervisor who comes into the call, and over with the
//! talk; and that notes are in the log before the next one's phone rings. **Must not know**: who looks at them.

use super::CallMachine;
use super::phase::{Main, Talking};
use crate::call::control::{Refused, Who};
use crate::call::port::{CallOutput, Handed};
use router::event::{PersonalData, TalkChange};
use router::id::LegId as LogLegId;
use router::{Event, Private};

impl CallMachine {
    /// Asked twice is asked.
    pub(super) fn ask_help(&mut self, main: Main) -> Result<(), Refused> {
        let talking = self.talk().ok_or(Refused::NoTalk)?;
        if !std::mem::replace(&mut talking.help, true) {
            self.changed_by(TalkChange::HelpAsked, main.who, main.log_leg);
        }
        Ok(())
    }

    /// Withdrawn by the agent, or sent away by a supervisor. Not asked for is as well.
    pub(super) fn no_help(&mut self, by_agent: bool, main: Main) -> Result<(), Refused> {
        let talking = self.talk().ok_or(Refused::NoTalk)?;
        if std::mem::take(&mut talking.help) {
            let change = if by_agent {
                TalkChange::HelpEnded
            } else {
                TalkChange::HelpDismissed
            };
            self.changed_by(change, main.who, main.log_leg);
        }
        Ok(())
    }

    /// A supervisor is in the call: that is the help.
    pub(super) fn help_has_come(&mut self, who: Who, leg: LogLegId) {
        let open = self
            .talk()
            .is_some_and(|talking| std::mem::take(&mut talking.help));
        if open {
            self.changed_by(TalkChange::HelpTaken, who, leg);
        }
    }

    /// Whoever asked has the caller no longer.
    pub(super) fn help_is_over(&mut self) {
        let open = self.talk().and_then(|talking| {
            let asked = std::mem::take(&mut talking.help);
            talking.main.filter(|_| asked)
        });
        if let Some(main) = open {
            self.changed_by(TalkChange::HelpEnded, main.who, main.log_leg);
        }
    }

    /// The same of a talk that is over.
    pub(super) fn help_ends_with(&mut self, talking: &Talking) {
        if let Some(main) = talking.main.filter(|_| talking.help) {
            self.changed_by(TalkChange::HelpEnded, main.who, main.log_leg);
        }
    }

    /// The text goes beside the event into the interaction's own row, and onto the card of whoever is rung next.
    pub(super) fn hand_on(&mut self, notes: Option<Private<String>>) {
        let Some(notes) = notes else { return };
        let main = self.talk().and_then(|talking| talking.main);
        let by = main.and_then(|main| main.who.agent());
        self.outputs.push_back(CallOutput::Log {
            event: Event::NotesHandedOn {
                interaction: self.setup.interaction,
                by,
            },
            personal: Some(PersonalData {
                notes: Some(notes.clone()),
                ..PersonalData::default()
            }),
        });
        self.handed = Some(Handed { notes, by });
        self.show_caller();
    }
}
