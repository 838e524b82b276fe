//! A menu while it asks and listens.
//!
//! **Owns**: the input rules: when the time begins, separate counts of silence and wrong input, tries, the lists that
//! answer failures, keys of several digits, type-ahead.
//! **Must not know**: what the choices lead to.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::{Interpreter, State};
use crate::flow::{Action, Choice, ChoiceTarget, ExitName, Flow, Menu, Saying};
use crate::port::{FlowOutput, PlayToken};

/// One pass through a menu, from entering it to leaving it.
#[derive(Debug)]
pub(super) struct MenuRun {
    silences: u32,
    wrongs: u32,
    repeats: u32,
    /// Keys taken that could still be the beginning of a longer one.
    typed: String,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// The prompt plays.
    Asking(PlayToken),
    /// Nothing plays; the caller's time runs.
    Listening { until: Duration },
}

/// How a try was lost.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Silence,
    Wrong,
}

impl MenuRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Asking(_) => None,
            Phase::Listening { until } => Some(until),
        }
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        match self.phase {
            Phase::Asking(token) => Some(token),
            Phase::Listening { .. } => None,
        }
    }

    pub(super) fn asks(&self, token: PlayToken) -> bool {
        self.token() == Some(token)
    }

    /// Counts a failure of one kind.
    fn count(&mut self, failure: Failure) -> u32 {
        let counter = match failure {
            Failure::Silence => &mut self.silences,
            Failure::Wrong => &mut self.wrongs,
        };
        *counter = counter.saturating_add(1);
        *counter
    }
}

/// The choice that the longest beginning of `typed` stands for, with its length.
fn longest<'m>(menu: &'m Menu, typed: &str) -> Option<&'m Choice> {
    menu.choices
        .iter()
        .filter(|choice| typed.starts_with(choice.keys.as_str()))
        .max_by_key(|choice| choice.keys.len())
}

/// Whether more keys could make `typed` a longer key of the menu.
fn may_grow(menu: &Menu, typed: &str) -> bool {
    menu.choices
        .iter()
        .any(|choice| choice.keys.len() > typed.len() && choice.keys.starts_with(typed))
}

impl Interpreter {
    pub(super) fn enter_menu(&mut self, menu: &Menu) -> Move {
        self.answer();
        if !menu.type_ahead {
            self.keys.clear();
        }
        self.state = State::Menu(MenuRun {
            silences: 0,
            wrongs: 0,
            repeats: 0,
            typed: String::new(),
            phase: Phase::Listening { until: self.now },
        });
        self.ask(menu, None, false)
    }

    /// Plays the prompt, after `first` if there is one; keys typed ahead are taken instead.
    fn ask(&mut self, menu: &Menu, first: Option<&Saying>, again: bool) -> Move {
        if menu.input.barge_in && !self.keys.is_empty() {
            return self.feed(menu);
        }
        let prompt = if again && !menu.short_prompt.is_empty() {
            &menu.short_prompt
        } else {
            &menu.prompt
        };
        let all: Vec<&Saying> = first.into_iter().chain(prompt).collect();
        let token = self.start_sayings(&all);
        self.set_phase(Phase::Asking(token));
        Move::Stay
    }

    fn set_phase(&mut self, phase: Phase) {
        if let Some(run) = self.menu_run() {
            run.phase = phase;
        }
    }

    fn menu_run(&mut self) -> Option<&mut MenuRun> {
        match &mut self.state {
            State::Menu(run) => Some(run),
            _ => None,
        }
    }

    /// Calls `act` with the menu at the present place, and goes where it says.
    fn in_menu(&mut self, act: impl FnOnce(&mut Self, &Menu) -> Move) {
        let flow: Arc<Flow> = Arc::clone(&self.flow);
        if let Some(Action::Menu(menu)) = Self::action(&flow, self.at) {
            let next = act(self, menu);
            self.go(next);
        }
    }

    pub(super) fn menu_key(&mut self, key: char) {
        self.in_menu(|this, menu| {
            let asking = this.menu_run().and_then(|run| run.token());
            match asking {
                Some(_) if !menu.input.barge_in => {
                    if menu.type_ahead {
                        this.keep(key);
                    }
                    Move::Stay
                }
                Some(token) => {
                    this.put(FlowOutput::StopPlay { token });
                    this.keep(key);
                    this.feed(menu)
                }
                None => {
                    this.keep(key);
                    this.feed(menu)
                }
            }
        });
    }

    /// The prompt is over: the caller's time begins, unless keys were pressed meanwhile.
    pub(super) fn menu_asked(&mut self) {
        self.in_menu(Self::feed);
    }

    pub(super) fn menu_timeout(&mut self) {
        self.in_menu(|this, menu| {
            let typed = this
                .menu_run()
                .map(|run| std::mem::take(&mut run.typed))
                .unwrap_or_default();
            if typed.is_empty() {
                this.fail(menu, Failure::Silence)
            } else {
                this.settle(menu, &typed)
            }
        });
    }

    /// Takes kept keys until they make a choice or a mistake, or until there are none.
    fn feed(&mut self, menu: &Menu) -> Move {
        let mut typed = self
            .menu_run()
            .map(|run| std::mem::take(&mut run.typed))
            .unwrap_or_default();
        while let Some(key) = self.keys.pop_front() {
            typed.push(key);
            let waits = may_grow(menu, &typed) && !menu.input.between_digits.is_zero();
            if !waits {
                return self.settle(menu, &typed);
            }
        }
        let time = if typed.is_empty() {
            menu.input.timeout
        } else {
            menu.input.between_digits
        };
        let until = self.now.saturating_add(time);
        if let Some(run) = self.menu_run() {
            run.typed = typed;
            run.phase = Phase::Listening { until };
        }
        Move::Stay
    }

    /// Decides what `typed` means: the longest key it begins with; what is left over is typed ahead for the next.
    fn settle(&mut self, menu: &Menu, typed: &str) -> Move {
        let Some(choice) = longest(menu, typed) else {
            // What else was typed belongs to the mistake.
            self.keys.clear();
            return self.fail(menu, Failure::Wrong);
        };
        for key in typed
            .chars()
            .skip(choice.keys.chars().count())
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            self.keys.push_front(key);
        }
        self.choose(menu, choice)
    }

    fn choose(&mut self, menu: &Menu, choice: &Choice) -> Move {
        self.limits.failed = false;
        self.put(FlowOutput::MenuChosen {
            block: self.block_name(),
            key: choice.keys.clone(),
            label: choice.shown().to_owned(),
        });
        self.took_own(choice.keys.clone());
        let target = match &choice.then {
            ChoiceTarget::Leave(target) => target,
            ChoiceTarget::Repeat => return self.repeat(menu),
        };
        self.target(target)
    }

    /// Hearing it again is a try too, so that nobody stays in a menu for ever.
    fn repeat(&mut self, menu: &Menu) -> Move {
        let repeats = self.menu_run().map_or(u32::MAX, |run| {
            run.repeats = run.repeats.saturating_add(1);
            run.repeats
        });
        if repeats < menu.input.tries {
            return self.ask(menu, None, true);
        }
        self.exhausted(&[
            ExitName::Exhausted,
            ExitName::ExhaustedWrong,
            ExitName::ExhaustedSilence,
        ])
    }

    fn fail(&mut self, menu: &Menu, failure: Failure) -> Move {
        let count = self.menu_run().map_or(u32::MAX, |run| run.count(failure));
        let (words, exit) = match failure {
            Failure::Silence => (&menu.no_input, ExitName::ExhaustedSilence),
            Failure::Wrong => (&menu.no_match, ExitName::ExhaustedWrong),
        };
        if count >= menu.input.tries {
            return self.exhausted(&[exit]);
        }
        let nth = usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
        let first = words.get(nth).or_else(|| words.last());
        self.ask(menu, first, true)
    }

    fn exhausted(&mut self, exits: &[ExitName]) -> Move {
        for exit in exits {
            if let Some(next) = self.exit(*exit) {
                return next;
            }
        }
        self.backstop("the tries of a menu are used up and nothing says what comes next")
    }
}
