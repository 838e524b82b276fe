//! What each event of the log is on the time line, in words. PURE, and whole: an event, a cause or a change without words
//! does not compile.

use super::ItemKind;
use router::event::{DialOutcome, Event, PauseCause, TalkChange};
use router::id::AgentId;
use router::overflow::{Cause, Way};

/// How an event shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// By what the record made of it (legs, waiting, offers, choices, recordings, wrap-up, the end), or not at all: it is
    /// about the flow's steps, an agent or the process.
    Elsewhere,
    /// Customer and agent do not hear each other from here on.
    PauseBegins(&'static str),
    /// They do again.
    PauseEnds,
    /// Something of one moment, and the agent it is about.
    Moment(ItemKind, String, Option<AgentId>),
}

/// `login` knows the agents of the record.
pub(super) fn told(event: &Event, login: impl Fn(AgentId) -> Option<String>) -> Told {
    use ItemKind::{Notes, Others, Record, Waiting, WrapUp};
    let name = |agent: &Option<AgentId>, unknown: &str| {
        let known = agent.and_then(&login);
        known.unwrap_or_else(|| unknown.to_owned())
    };
    let (kind, words, agent) = match event {
        Event::TalkPaused { cause, .. } => return Told::PauseBegins(pause(*cause)),
        Event::TalkResumed { .. } => return Told::PauseEnds,
        Event::TalkChanged { change, agent, .. } => {
            let words = changed(*change, &name(agent, "a supervisor"));
            (Others, words, *agent)
        }
        Event::Typed { .. }
        | Event::LanguageSet { .. }
        | Event::Tagged { .. }
        | Event::FlowDialled { .. }
        | Event::Notified { .. }
        | Event::RecordingConsent { .. }
        | Event::SurveyAnswered { .. }
        | Event::CustomerIdentified { .. } => return in_flow(event, name),
        Event::CustomerConfirmed { customer, by, .. } => {
            let who = name(by, "Somebody");
            (Record, confirmed(&who, customer.is_some()), *by)
        }
        Event::WrapUpExtended { agent, .. } => {
            let who = name(&Some(*agent), "The agent");
            let words = format!("{who} took longer for wrap-up");
            (WrapUp, words, Some(*agent))
        }
        Event::WrapUpCoded { name, tags, by, .. } => (Record, about(name, tags), *by),
        Event::NotesHandedOn { by, .. } => {
            let who = name(by, "A supervisor");
            (Notes, format!("{who} wrote notes for the next one"), *by)
        }
        Event::TaskChanged { done, by, .. } => (Record, task(*done).to_owned(), *by),
        Event::QueueRelaxed { step, .. } => (Waiting, relaxed(*step), None),
        Event::QueueReprioritised { .. } => (Waiting, PLACED.to_owned(), None),
        Event::QueueOverflowed { cause, way, .. } => (Waiting, sent_on(*cause, *way), None),
        Event::RouterStarted { .. }
        | Event::RouterInput { .. }
        | Event::CallArrived { .. }
        | Event::CallAnswered { .. }
        | Event::StepEntered { .. }
        | Event::MenuChosen { .. }
        | Event::QueueEntered { .. }
        | Event::QueueLeft { .. }
        | Event::QueueClosed { .. }
        | Event::QueueOpened { .. }
        | Event::Decided { .. }
        | Event::OfferMade { .. }
        | Event::OfferEnded { .. }
        | Event::LegStarted { .. }
        | Event::LegEnded { .. }
        | Event::Connected { .. }
        | Event::RecordingStarted { .. }
        | Event::RecordingFinished { .. }
        | Event::CallEnded { .. }
        | Event::WrapUpStarted { .. }
        | Event::WrapUpEnded { .. }
        | Event::NotesSaved { .. }
        | Event::AgentStateChanged { .. }
        | Event::FlowPointed { .. }
        | Event::SupervisorTold { .. } => return Told::Elsewhere,
    };
    Told::Moment(kind, words, agent)
}

/// What the caller did in the flow, and what the flow did with them.
fn in_flow(event: &Event, name: impl Fn(&Option<AgentId>, &str) -> String) -> Told {
    use ItemKind::{Choice, Others, Record};
    let (kind, words, agent) = match event {
        Event::Typed { label, digits, .. } => (Choice, typed(label, digits.as_deref()), None),
        Event::LanguageSet {
            language, chosen, ..
        } => (Choice, spoken(language, *chosen), None),
        Event::Tagged { key, value, .. } => (Record, format!("Noted: {key} {value}"), None),
        Event::FlowDialled { agent, outcome, .. } => {
            let who = name(agent, "somebody outside");
            (Others, dialled(&who, *outcome), *agent)
        }
        Event::Notified { event, .. } => (Record, format!("The menu told others: {event}"), None),
        Event::RecordingConsent {
            granted, by_key, ..
        } => (Record, agreed(*granted, *by_key).to_owned(), None),
        Event::SurveyAnswered {
            question, answer, ..
        } => (Choice, surveyed(question, *answer), None),
        Event::CustomerIdentified { .. } => (Record, FOUND.to_owned(), None),
        _ => return Told::Elsewhere,
    };
    Told::Moment(kind, words, agent)
}

const PLACED: &str = "A supervisor gave the caller another place in the queue";

const FOUND: &str = "The menu found out who the customer is";

/// Digits are there where the flow says that they are harmless.
fn typed(label: &str, digits: Option<&str>) -> String {
    digits.map_or_else(
        || format!("Typed {label}"),
        |digits| format!("Typed {label}: {digits}"),
    )
}

fn dialled(who: &str, outcome: DialOutcome) -> String {
    match outcome {
        DialOutcome::Answered => format!("The menu gave the caller to {who}, who talked with them"),
        DialOutcome::NoAnswer => format!("The menu called {who}: no answer"),
        DialOutcome::Busy => format!("The menu called {who}: busy"),
        DialOutcome::Failed => format!("The menu could not call {who}"),
        DialOutcome::CallerLeft => format!("The caller hung up while the phone of {who} rang"),
    }
}

const fn agreed(granted: bool, by_key: bool) -> &'static str {
    match (granted, by_key) {
        (true, true) => "The caller agreed by a key to be recorded",
        (true, false) => "The caller was told of the recording and did not refuse",
        (false, true) => "The caller refused by a key to be recorded",
        (false, false) => "The caller was asked and did not agree to be recorded",
    }
}

fn surveyed(question: &str, answer: Option<u8>) -> String {
    answer.map_or_else(
        || format!("Asked {question}, and not answered"),
        |answer| format!("Answered {question}: {answer}"),
    )
}

fn relaxed(step: usize) -> String {
    format!("Step {step} of the ladder: less is asked for, or the place is better")
}

fn sent_on(cause: Cause, way: Way) -> String {
    let cause = match cause {
        Cause::MaxWait => "Waited as long as the queue allows",
        Cause::Full => "The queue was full",
        Cause::NoAgents => "Nobody logged in could serve the caller",
    };
    let way = match way {
        Way::Exit => "the flow goes on",
        Way::Queue(_) => "goes on to another queue",
        Way::Voicemail => "may leave a message",
        Way::Closed => "hears that the queue is closed",
    };
    format!("{cause}: {way}")
}

fn spoken(language: &str, chosen: bool) -> String {
    let how = if chosen {
        "chosen in the menu"
    } else {
        "known of the customer"
    };
    format!("Language {language}, {how}")
}

fn confirmed(who: &str, known: bool) -> String {
    if known {
        format!("{who} confirmed who the customer is")
    } else {
        format!("{who} said that it is not known who the customer is")
    }
}

fn about(code: &str, tags: &[String]) -> String {
    if tags.is_empty() {
        format!("It was about: {code}")
    } else {
        format!("It was about: {code} ({})", tags.join(", "))
    }
}

const fn task(done: bool) -> &'static str {
    if done {
        "A follow-up task was done"
    } else {
        "A follow-up task was written down or changed"
    }
}

const fn pause(cause: PauseCause) -> &'static str {
    match cause {
        PauseCause::Hold => "The customer is on hold",
        PauseCause::Consult => "The customer hears music: the agent asks a colleague",
        PauseCause::Transfer => "The customer hears music: a colleague's phone rings",
        PauseCause::Reconnect => "The customer waits: the agent's phone is gone and may come back",
        PauseCause::Flow => "The menu leaves out what is said from the recording",
    }
}

/// Colleagues and supervisors who came into the talk or left it, the agent's phone, requests for help.
fn changed(change: TalkChange, who: &str) -> String {
    match change {
        TalkChange::TransferBegan => format!("A transfer to {who} began"),
        TalkChange::Transferred => format!("{who} has the customer"),
        TalkChange::TransferFailed => format!("{who} did not take the customer"),
        TalkChange::SentToQueue => "Sent to a queue".to_owned(),
        TalkChange::ConsultBegan => format!("The agent calls {who}"),
        TalkChange::ConsultAnswered => format!("The agent talks with {who}"),
        TalkChange::ConsultEnded => format!("{who} is out; back with the customer"),
        TalkChange::Merged => format!("The customer, the agent and {who} hear each other"),
        TalkChange::MonitorBegan => format!("The phone of {who} rings, to hear the call"),
        TalkChange::Listens => format!("{who} listens"),
        TalkChange::Whispers => format!("{who} is heard by the agent alone"),
        TalkChange::Barges => format!("{who} is heard by everybody"),
        TalkChange::TookOver => format!("{who} took the call over"),
        TalkChange::MonitorEnded => format!("{who} left"),
        TalkChange::AgentLost => "The agent's phone is gone without a word".to_owned(),
        TalkChange::AgentBack => "The agent's phone is back, and the talk goes on".to_owned(),
        TalkChange::AgentStayedAway => {
            "The agent's phone did not come back: the customer goes to the front of the queue"
                .to_owned()
        }
        TalkChange::HelpAsked => "The agent asks for a supervisor".to_owned(),
        TalkChange::HelpTaken => "A supervisor came into the call to help".to_owned(),
        TalkChange::HelpDismissed => {
            "A supervisor saw that help is wanted, and nobody comes".to_owned()
        }
        TalkChange::HelpEnded => "The agent needs no supervisor any more".to_owned(),
    }
}
