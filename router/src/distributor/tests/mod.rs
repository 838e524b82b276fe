//! Tests of the Distributor, one file per concern; the oracle of `random.rs` shares no code with selection.

mod acts;
mod affinity;
mod agent_table;
mod closing;
mod decisions;
mod ladder;
mod limits;
mod many;
mod model;
mod offers;
mod oracle;
mod overflow;
mod random;
mod replay;
mod reprioritise;
mod restart;
mod ring_all;
mod selection;
mod strategies;
mod support;
mod wrap_up;
