//! The one place that reads settings files from disk.
//!
//! **Owns**: opening files and making paths whole. **Must not know**: what keys mean.

use super::company_read::{CompanyContext, PasswordPolicy, parse_company_with};
use super::finding::{ConfigFinding, code};
use super::settings::Limits;
use super::settings_read::parse_settings;
use super::tree::{Override, Place};
use super::{Company, Settings};
use ivr_flows::FindingLevel;
use ivr_flows::calendar::Day;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes that are read of a file that a settings file names: a password, or holidays. The readers refuse what is as long.
const LARGEST: u64 = 2 * 1024 * 1024;

/// Settings and company of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings, with whole paths.
    pub settings: Settings,
    /// The company.
    pub company: Company,
    /// Remarks that are no errors.
    pub remarks: Vec<ConfigFinding>,
}

impl Loaded {
    /// The limits: settings, else company, else defaults.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.settings.limits.or(self.company.limits)
    }
}

/// Reads the settings file and, when it is good, the company file it names. Every error of a file is reported.
///
/// # Errors
/// Everything found, when at least one finding is an error.
pub fn load(path: &Path, overrides: &[Override]) -> Result<Loaded, Vec<ConfigFinding>> {
    let (settings, mut remarks) = load_settings(path, overrides)?;
    let (company, more) = load_company(&settings, PasswordPolicy::Required)?;
    remarks.extend(more);
    Ok(Loaded {
        settings,
        company,
        remarks,
    })
}

/// Reads the settings file alone, for commands that work on the store. Paths are whole.
///
/// # Errors
/// As [`load`].
pub fn load_settings(
    path: &Path,
    overrides: &[Override],
) -> Result<(Settings, Vec<ConfigFinding>), Vec<ConfigFinding>> {
    let file = path.display().to_string();
    let source = read_file(path, "the settings file", "name it with `--config FILE`")?;
    let folder = folder_of(path);
    let secrets = |name: &Path| read_secret(&folder.join(name));
    let (settings, remarks) = parse_settings(&source, &file, overrides, &secrets).into_result()?;
    Ok((settings.below(&folder), remarks))
}

/// Reads the company file that the settings name: at start, and again when it was saved.
///
/// # Errors
/// As [`load`].
pub fn load_company(
    settings: &Settings,
    passwords: PasswordPolicy,
) -> Result<(Company, Vec<ConfigFinding>), Vec<ConfigFinding>> {
    let path = &settings.node.company;
    let source = read_file(
        path,
        "the company file",
        "name it with `company` under [node]",
    )?;
    let folder = folder_of(path);
    let context = CompanyContext {
        passwords,
        country: settings.node.country.as_deref(),
        today: today(),
        secrets: &|name| read_secret(&folder.join(name)),
    };
    parse_company_with(&source, &path.display().to_string(), context).into_result()
}

fn today() -> Option<Day> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Day::at(i64::try_from(since.as_millis()).ok()?)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn read_file(path: &Path, what: &str, help: &str) -> Result<String, Vec<ConfigFinding>> {
    std::fs::read_to_string(path).map_err(|error| {
        let place = Place {
            origin: path.display().to_string().into(),
            line: 1,
            column: 1,
        };
        let message = format!("cannot read {what}: {error}");
        vec![place.finding(code::UNREADABLE, FindingLevel::Error, message, help)]
    })
}

fn read_secret(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    Ok(text)
}
