//! Digits while they are asked for, and the customer while one is looked up.
//!
//! **Owns**: the input rules as they hold for `collect`: when it is enough, the key that ends it, separate counts of
//! silence and wrong input; how long a call waits for its customer.
//! **Must not know**: what the digits are for.

use std::sync::Arc;
use std::time::Duration;

use super::run::Move;
use super::{Interpreter, State};
use crate::flow::{Action, Collect, Confirm, Customer, ExitName, Saying, Value};
use crate::port::{CustomerAnswer, Digits, FlowOutput, PlayToken};

/// One pass through a `collect`.
#[derive(Debug, Default)]
pub(super) struct CollectRun {
    silences: u32,
    wrongs: u32,
    typed: Typed,
    /// The prompt that plays.
    asking: Option<PlayToken>,
    /// Until when the caller may take time; none while the prompt plays.
    until: Option<Duration>,
    /// The digits are read back; what the variable was before them.
    confirming: Option<Option<Value>>,
}

/// Digits so far; `Debug` does not show them.
#[derive(Default)]
struct Typed(String);

impl std::fmt::Debug for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Lost {
    Silence,
    Wrong,
}

impl CollectRun {
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.until
    }

    pub(super) fn token(&self) -> Option<PlayToken> {
        self.asking
    }

    pub(super) fn asks(&self, token: PlayToken) -> bool {
        self.asking == Some(token)
    }
}

impl Interpreter {
    pub(super) fn enter_collect(&mut self, collect: &Collect) -> Move {
        self.answer();
        if collect.sensitive {
            self.keys.clear();
        }
        self.state = State::Collect(CollectRun::default());
        self.ask_digits(collect, None, false)
    }

    fn collect_run(&mut self) -> Option<&mut CollectRun> {
        match &mut self.state {
            State::Collect(run) => Some(run),
            _ => None,
        }
    }

    pub(super) fn ask_digits(
        &mut self,
        collect: &Collect,
        first: Option<&Saying>,
        again: bool,
    ) -> Move {
        if collect.input.barge_in && !self.keys.is_empty() {
            return self.take_digits(collect);
        }
        let prompt = if again && !collect.short_prompt.is_empty() {
            &collect.short_prompt
        } else {
            &collect.prompt
        };
        let all: Vec<&Saying> = first.into_iter().chain(prompt).collect();
        let token = self.start_sayings(&all);
        self.collect_asks(token);
        Move::Stay
    }

    fn in_collect(&mut self, act: impl FnOnce(&mut Self, &Collect) -> Move) {
        let flow = Arc::clone(&self.flow);
        if let Some(Action::Collect(collect)) = Self::action(&flow, self.at) {
            let next = act(self, collect);
            self.go(next);
        }
    }

    pub(super) fn collect_key(&mut self, key: char) {
        self.in_collect(|this, collect| {
            let asking = this.collect_run().and_then(|run| run.asking);
            if let Some(token) = asking {
                if !collect.input.barge_in {
                    if !collect.sensitive {
                        this.keep(key);
                    }
                    return Move::Stay;
                }
                this.put(FlowOutput::StopPlay { token });
            }
            this.keep(key);
            this.take_keys(collect)
        });
    }

    pub(super) fn collect_asked(&mut self) {
        self.in_collect(Self::take_keys);
    }

    pub(super) fn collect_timeout(&mut self) {
        self.in_collect(|this, collect| match this.present_confirm(collect) {
            Some(confirm) => this.unconfirmed(collect, confirm, Lost::Silence),
            None => this.enough(collect),
        });
    }

    /// What the digits that were typed are read back by, while they are.
    fn present_confirm<'c>(&mut self, collect: &'c Collect) -> Option<&'c Confirm> {
        let confirming = self.collect_run()?.confirming.is_some();
        collect.confirm.as_ref().filter(|_| confirming)
    }

    fn take_keys(&mut self, collect: &Collect) -> Move {
        match self.present_confirm(collect) {
            Some(confirm) => {
                if let Some(run) = self.collect_run() {
                    run.asking = None;
                }
                self.take_confirmation(collect, confirm)
            }
            None => self.take_digits(collect),
        }
    }

    pub(super) fn collect_asks(&mut self, token: PlayToken) {
        if let Some(run) = self.collect_run() {
            run.asking = Some(token);
            run.until = None;
        }
    }

    pub(super) fn collect_listens(&mut self, time: Duration) {
        let until = self.now.saturating_add(time);
        if let Some(run) = self.collect_run() {
            run.asking = None;
            run.until = Some(until);
        }
    }

    /// What was typed does not count: the variable is what it was.
    pub(super) fn forget_typed(&mut self, collect: &Collect) {
        let before = self.collect_run().and_then(|run| run.confirming.take());
        if let Some(Some(before)) = before {
            self.vars.insert(collect.into.text.clone(), before);
        }
    }

    /// Takes kept keys until there are enough, the end key comes, or there are none.
    fn take_digits(&mut self, collect: &Collect) -> Move {
        if let Some(run) = self.collect_run() {
            run.asking = None;
        }
        while let Some(key) = self.keys.pop_front() {
            if collect.end_key == Some(key) {
                return self.enough(collect);
            }
            // Letters, and whichever of `*` and `#` ends nothing, are no digits.
            let (_, most) = collect.digits;
            let Some(run) = self.collect_run().filter(|_| key.is_ascii_digit()) else {
                continue;
            };
            run.typed.0.push(key);
            if run.typed.0.len() >= most {
                return self.enough(collect);
            }
        }
        let now = self.now;
        if let Some(run) = self.collect_run() {
            let time = if run.typed.0.is_empty() {
                collect.input.timeout
            } else {
                collect.input.between_digits
            };
            run.until = Some(now.saturating_add(time));
        }
        Move::Stay
    }

    /// Nothing more is waited for: nothing is silence, too little is wrong, and so is what the check refuses.
    fn enough(&mut self, collect: &Collect) -> Move {
        let typed = self
            .collect_run()
            .map(|run| std::mem::take(&mut run.typed.0))
            .unwrap_or_default();
        if typed.is_empty() {
            return self.lost(collect, Lost::Silence);
        }
        let (least, _) = collect.digits;
        if typed.len() < least {
            return self.lost(collect, Lost::Wrong);
        }
        if collect.format.is_some_and(|format| !format.fits(&typed)) {
            return self.lost(collect, Lost::Wrong);
        }
        let name = collect.into.text.clone();
        let before = self.vars.insert(name.clone(), Value::Text(typed));
        let good = match &collect.check {
            None => true,
            Some(check) => self.truth(check).unwrap_or_else(|why| {
                self.told_words(why);
                false
            }),
        };
        if good && let Some(confirm) = &collect.confirm {
            if let Some(run) = self.collect_run() {
                run.confirming = Some(before);
            }
            return self.read_back(collect, confirm, None);
        }
        if good {
            return self.collected(collect);
        }
        if let Some(before) = before {
            self.vars.insert(name, before);
        }
        self.lost(collect, Lost::Wrong)
    }

    pub(super) fn collected(&mut self, collect: &Collect) -> Move {
        self.limits.failed = false;
        self.told_typed(collect);
        Move::Next
    }

    /// Whoever answers hears what was typed: the digits themselves only where the flow says that they are harmless.
    fn told_typed(&mut self, collect: &Collect) {
        let name = &collect.into.text;
        let label = collect.label.as_ref().unwrap_or(name).clone();
        let digits = self.vars.get(name).filter(|_| collect.harmless);
        let digits = digits.map(|value| Digits(value.to_string()));
        self.put(FlowOutput::Typed {
            block: self.block_name(),
            label,
            digits,
        });
    }

    fn lost(&mut self, collect: &Collect, lost: Lost) -> Move {
        // What else was typed belongs to the mistake.
        self.keys.clear();
        match self.count_lost(collect, lost) {
            Ok(first) => self.ask_digits(collect, first, true),
            Err(exit) => self.collect_exhausted(exit),
        }
    }

    pub(super) fn collect_exhausted(&mut self, exit: ExitName) -> Move {
        match self.exit(exit) {
            Some(next) => next,
            None => self
                .backstop("the tries of a `collect` are used up and nothing says what comes next"),
        }
    }

    /// Counts a failure: what is said of it, or the exit when the tries are used up.
    pub(super) fn count_lost<'c>(
        &mut self,
        collect: &'c Collect,
        lost: Lost,
    ) -> Result<Option<&'c Saying>, ExitName> {
        let Some(run) = self.collect_run() else {
            return Ok(None);
        };
        let (counter, words, exit) = match lost {
            Lost::Silence => (
                &mut run.silences,
                &collect.no_input,
                ExitName::ExhaustedSilence,
            ),
            Lost::Wrong => (&mut run.wrongs, &collect.no_match, ExitName::ExhaustedWrong),
        };
        *counter = counter.saturating_add(1);
        let count = *counter;
        if count >= collect.input.tries {
            return Err(exit);
        }
        let nth = usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
        Ok(words.get(nth).or_else(|| words.last()))
    }

    pub(super) fn enter_customer(&mut self, customer: &Customer) -> Move {
        let number = customer.by.value(&self.scope());
        let number = match number.and_then(|value| value.text()) {
            Ok(value) => value,
            Err(why) => return self.failed(why).unwrap_or(Move::Next),
        };
        self.customer = None;
        // A withheld number is nobody's.
        if number.is_empty() {
            return self.exit(ExitName::NotFound).unwrap_or(Move::Next);
        }
        self.asks = self.asks.saturating_add(1);
        let ask = self.asks;
        self.put(FlowOutput::FindCustomer {
            ask,
            number: Digits(number),
            create: customer.create,
        });
        let until = self.now.saturating_add(customer.timeout);
        self.state = State::Asking { ask, until };
        Move::Stay
    }

    /// An answer that comes too late is still known from then on.
    pub(super) fn customer_answered(&mut self, ask: u32, answer: CustomerAnswer) {
        if ask != self.asks {
            return;
        }
        let waits = matches!(self.state, State::Asking { ask: waited, .. } if waited == ask);
        let exit = match answer {
            CustomerAnswer::Found(customer) => {
                self.customer = Some(customer);
                None
            }
            CustomerAnswer::NotFound => Some(ExitName::NotFound),
            // A customer who cannot be looked up is no reason to send a caller away: only the step's own word counts.
            CustomerAnswer::Failed => Some(ExitName::Timeout),
        };
        if waits {
            self.leave_customer(exit);
        }
    }

    pub(super) fn customer_timeout(&mut self) {
        self.leave_customer(Some(ExitName::Timeout));
    }

    /// `timeout` is not inherited: under `defaults:` it is meant for queues.
    fn leave_customer(&mut self, exit: Option<ExitName>) {
        let flow = Arc::clone(&self.flow);
        let next = match (Self::action(&flow, self.at), exit) {
            (Some(Action::Customer(customer)), Some(ExitName::Timeout)) => {
                let own = customer.exits.get(&ExitName::Timeout);
                own.map(|target| {
                    self.took_own(ExitName::Timeout.as_str());
                    self.target(target)
                })
            }
            (_, Some(exit)) => self.exit(exit),
            (_, None) => None,
        };
        self.go(next.unwrap_or(Move::Next));
    }
}
