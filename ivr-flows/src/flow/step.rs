//! One step: its action, and what can be asked of any action.
//!
//! **Owns**: [`Step`], [`Action`], which sayings, expressions and exits an action holds.
//! **Must not know**: how a step is read or run.

use std::time::Duration;

use super::{
    Branch, Call, Collect, Consent, Customer, Exits, Given, Go, Hours, Http, Language, Menu, Name,
    NotYet, Notify, Play, Pos, Queue, Record, Saying, Survey, Transfer, Voicemail,
};
use crate::expression::{Expression, Template};

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) pos: Pos,
    /// For tests and reports.
    pub(crate) id: Option<Name>,
    /// Passed over when it is false.
    pub(crate) when: Option<Expression>,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Answer,
    Play(Play),
    Menu(Box<Menu>),
    Collect(Box<Collect>),
    Customer(Customer),
    Http(Box<Http>),
    Language(Language),
    Voicemail(Box<Voicemail>),
    Survey(Box<Survey>),
    Consent(Box<Consent>),
    Record(Record),
    Transfer(Box<Transfer>),
    NotYet(Box<NotYet>),
    Pause(Duration),
    Notify(Box<Notify>),
    Go(Go),
    Branch(Branch),
    Hours(Hours),
    Set(Vec<(Name, Given)>),
    Tag(Vec<(String, Template)>),
    Queue(Box<Queue>),
    Call(Box<Call>),
    Return(Option<Name>),
    /// With this SIP status when the call was not answered.
    Hangup(Option<u16>),
}

impl Step {
    /// Everything that the step may say.
    pub(crate) fn sayings(&self) -> impl Iterator<Item = &Saying> {
        let lists: Vec<&Vec<Saying>> = match &self.action {
            Action::Play(play) => vec![&play.sayings],
            Action::Menu(menu) => {
                vec![
                    &menu.prompt,
                    &menu.short_prompt,
                    &menu.no_input,
                    &menu.no_match,
                ]
            }
            Action::Collect(collect) => {
                let lists = [
                    &collect.prompt,
                    &collect.short_prompt,
                    &collect.no_input,
                    &collect.no_match,
                ];
                let confirm = collect.confirm.as_ref().map(|confirm| &confirm.prompt);
                lists.into_iter().chain(confirm).collect()
            }
            Action::Voicemail(voicemail) => vec![&voicemail.prompt],
            Action::Survey(survey) => survey.sayings(),
            Action::Consent(consent) => vec![&consent.prompt],
            Action::NotYet(later) => vec![&later.prompt],
            Action::Language(Language::From { ask, .. }) => vec![ask],
            Action::Http(http) => vec![&http.filler],
            _ => Vec::new(),
        };
        lists.into_iter().flatten()
    }

    /// Whether working out an expression of the step can fail in a call. Reading a name cannot.
    pub(crate) fn can_fail(&self) -> bool {
        match &self.action {
            _ if self.when.is_some() => true,
            Action::Customer(customer) => !customer.by.is_name(),
            // It has a word of its own for that.
            Action::Http(_) => false,
            // Whoever is asked then chooses.
            Action::Language(Language::From { from, ask }) => ask.is_empty() && !from.is_name(),
            _ => !self.expressions().is_empty(),
        }
    }

    /// Every expression of the step: any of them can fail.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        let mut all: Vec<&Expression> = self.when.iter().collect();
        match &self.action {
            Action::Branch(branch) => all.extend(branch.cases.iter().map(|(when, _)| when)),
            Action::Set(sets) => all.extend(sets.iter().flat_map(|(_, value)| value.expressions())),
            Action::Tag(tags) => all.extend(tags.iter().flat_map(|(_, value)| value.expressions())),
            Action::Notify(notify) => {
                all.extend(
                    notify
                        .data
                        .iter()
                        .flat_map(|(_, value)| value.expressions()),
                );
            }
            Action::Customer(customer) => all.push(&customer.by),
            Action::Http(http) => all.extend(http.expressions()),
            Action::Call(call) => {
                all.extend(call.with.iter().flat_map(|(_, given)| given.expressions()));
            }
            Action::Language(Language::From { from, .. }) => all.push(from),
            _ => {}
        }
        all
    }
}

impl Action {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Play(play) if play.said => "say",
            Self::Play(_) => "play",
            Self::Menu(_) => "menu",
            Self::Collect(_) => "collect",
            Self::Customer(_) => "customer",
            Self::Http(http) if http.remote.is_some() => "remote",
            Self::Http(_) => "http",
            Self::Language(_) => "language",
            Self::Voicemail(_) => "voicemail",
            Self::Survey(_) => "survey",
            Self::Consent(_) => "consent",
            Self::Record(_) => "record",
            Self::Transfer(transfer) if transfer.dial => "dial",
            Self::Transfer(_) => "transfer",
            Self::NotYet(later) => later.name,
            Self::Pause(_) => "wait",
            Self::Notify(_) => "notify",
            Self::Go(_) => "go",
            Self::Branch(_) => "branch",
            Self::Hours(_) => "hours",
            Self::Set(_) => "set",
            Self::Tag(_) => "tag",
            Self::Queue(_) => "queue",
            Self::Call(_) => "call",
            Self::Return(_) => "return",
            Self::Hangup(_) => "hangup",
        }
    }

    /// The exits that the step itself names.
    pub(crate) fn exits(&self) -> Option<&Exits> {
        match self {
            Self::Play(play) => Some(&play.exits),
            Self::Menu(menu) => Some(&menu.exits),
            Self::Collect(collect) => Some(&collect.exits),
            Self::Customer(customer) => Some(&customer.exits),
            Self::Http(http) => Some(&http.exits),
            Self::Call(call) => Some(&call.exits),
            Self::Voicemail(voicemail) => Some(&voicemail.exits),
            Self::Survey(survey) => Some(&survey.exits),
            Self::Consent(consent) => Some(&consent.exits),
            Self::Transfer(transfer) => Some(&transfer.exits),
            Self::NotYet(later) => Some(&later.exits),
            Self::Hours(hours) => Some(&hours.exits),
            Self::Queue(queue) => Some(&queue.exits),
            Self::Answer
            | Self::Record(_)
            | Self::Pause(_)
            | Self::Notify(_)
            | Self::Language(_)
            | Self::Go(_)
            | Self::Branch(_)
            | Self::Set(_)
            | Self::Tag(_)
            | Self::Return(_)
            | Self::Hangup(_) => None,
        }
    }
}
