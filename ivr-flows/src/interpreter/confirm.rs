//! Digits that are read back before they count.
//!
//! **Owns**: what each key means then; that digits which were not accepted leave the variable as it was. Silence and wrong
//! keys count with those of the `collect` itself, and so does every `again`. **Must not know**: what the digits are for.

use super::Interpreter;
use super::collect::Lost;
use super::run::Move;
use crate::flow::{Collect, Confirm, Saying};
use crate::port::{Sound, Words};

impl Interpreter {
    /// The digits, then the question; behind the words about a failure, if there are any.
    pub(super) fn read_back(
        &mut self,
        collect: &Collect,
        confirm: &Confirm,
        first: Option<&Saying>,
    ) -> Move {
        if collect.input.barge_in && !self.keys.is_empty() {
            return self.take_confirmation(collect, confirm);
        }
        let digits = self.vars.get(&collect.into.text);
        let digits = digits.map(ToString::to_string).unwrap_or_default();
        let mut sounds = first.map_or_else(Vec::new, |saying| self.sounds_or_nothing(saying));
        sounds.push(Sound::words(Words::Digits(digits)));
        for saying in &confirm.prompt {
            sounds.extend(self.sounds_or_nothing(saying));
        }
        let token = self.play_sounds(sounds, self.language.clone());
        self.collect_asks(token);
        Move::Stay
    }

    /// Takes kept keys until one says something, or there are none.
    pub(super) fn take_confirmation(&mut self, collect: &Collect, confirm: &Confirm) -> Move {
        while let Some(key) = self.keys.pop_front() {
            if key == confirm.accept {
                return self.collected(collect);
            }
            if key == confirm.again {
                return self.typed_again(collect);
            }
            // Whoever closes with the end key though the last digit closed already.
            if Some(key) != collect.end_key {
                self.keys.clear();
                return self.unconfirmed(collect, confirm, Lost::Wrong);
            }
        }
        self.collect_listens(collect.input.timeout);
        Move::Stay
    }

    pub(super) fn unconfirmed(&mut self, collect: &Collect, confirm: &Confirm, lost: Lost) -> Move {
        match self.count_lost(collect, lost) {
            Ok(first) => self.read_back(collect, confirm, first),
            Err(exit) => {
                self.forget_typed(collect);
                self.collect_exhausted(exit)
            }
        }
    }

    /// Asking for them again is a try too.
    fn typed_again(&mut self, collect: &Collect) -> Move {
        self.forget_typed(collect);
        match self.count_lost(collect, Lost::Wrong) {
            Ok(_) => self.ask_digits(collect, None, true),
            Err(exit) => self.collect_exhausted(exit),
        }
    }
}
