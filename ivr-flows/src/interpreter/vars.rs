//! Variables in a call.
//!
//! **Owns**: `set`: what a variable may be given, and how large it may get.
//! **Must not know**: where values come from.

use super::Interpreter;
use super::run::Move;
use crate::expression::Failure;
use crate::flow::{Given, Name, Value};

/// What a variable may hold at most, about in bytes: a value that is made of itself would else grow without end.
const LARGEST: usize = 512 * 1024;

impl Interpreter {
    /// A variable whose value cannot be worked out keeps the one it has.
    pub(super) fn set_step(&mut self, sets: &[(Name, Given)]) -> Move {
        for (name, given) in sets {
            let value = given.value(&self.scope());
            if let Err(why) = value.and_then(|value| self.assign(&name.text, value))
                && let Some(exit) = self.failed(why)
            {
                return exit;
            }
        }
        Move::Next
    }

    /// Gives a variable a value of its own type.
    pub(super) fn assign(&mut self, name: &str, value: Value) -> Result<(), Failure> {
        let Some(declared) = self.vars.get_mut(name) else {
            return Err("there is no such variable");
        };
        let fitted = value
            .fit(declared)
            .ok_or("a value does not fit the type of its variable")?;
        if fitted.weight() > LARGEST {
            return Err("a value is too large");
        }
        *declared = fitted;
        Ok(())
    }
}
