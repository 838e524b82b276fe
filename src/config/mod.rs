//! Settings and the company file: what the operator writes, checked, as plain values.
//!
//! **Owns**: `cordboard.toml`, `company.toml`, the order default < file < environment < flag, and findings that say
//! file, line, column, what is wrong and what to write instead. Reading is pure on text; [`load`] alone touches
//! files. **Must not know**: sockets, the database, SIP beyond the values that the gateway takes.

mod agent_read;
mod agent_rules;
mod calendar_read;
pub mod company;
mod company_read;
mod desk_read;
pub mod duration;
pub mod finding;
mod flows_read;
mod holidays;
mod ladder_read;
mod load;
mod outbound_read;
mod overflow_read;
mod queue_read;
mod register_read;
mod section;
pub mod settings;
mod settings_read;
mod speech_read;
mod thresholds;
mod tree;
mod trunk_read;

#[cfg(test)]
mod tests;

pub use company::{Agent, Company, Ids, Outbound, Queue, Trunk};
pub use company_read::{CompanyContext, PasswordPolicy, parse_company, parse_company_with};
pub use desk_read::{NotReadyReason, WrapUpCode};
pub use finding::ConfigFinding;
pub use load::{Loaded, load, load_company, load_settings};
pub use section::{SecretReader, nearest};
pub use settings::{RecordPolicy, Settings};
pub use settings_read::parse_settings;
pub use thresholds::{Steps, Thresholds};
pub use tree::Override;

/// A value with what is to be said about it. The value is there unless a finding is an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked<T> {
    /// The value.
    pub value: Option<T>,
    /// Everything found, in the order of the file.
    pub findings: Vec<ConfigFinding>,
}

impl<T> Checked<T> {
    fn new(value: T, mut findings: Vec<ConfigFinding>) -> Self {
        findings.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        let value = (!finding::has_errors(&findings)).then_some(value);
        Self { value, findings }
    }

    const fn refused(findings: Vec<ConfigFinding>) -> Self {
        Self {
            value: None,
            findings,
        }
    }

    /// The value with remarks that are no errors, or every finding.
    ///
    /// # Errors
    /// The findings, when one of them is an error.
    pub fn into_result(self) -> Result<(T, Vec<ConfigFinding>), Vec<ConfigFinding>> {
        match self.value {
            Some(value) => Ok((value, self.findings)),
            None => Err(self.findings),
        }
    }
}
