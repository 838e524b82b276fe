//! Tests of the Distributor, one file per concern; the oracle of `random.rs` shares no code with selection.

mod acts;
mod agent_table;
mod decisions;
mod limits;
mod offers;
mod oracle;
mod random;
mod restart;
mod selection;
mod support;
mod wrap_up;
