//! `cordboard prompt export` and `translate`: the texts of prompts as a table for whoever translates, and back.
//!
//! **Owns**: the table's form, what of it is taken; exit 1 where a row does not fit. **Must not know**: how a flow's text is
//! edited.
//!
//! A cell that a spreadsheet would take for a formula gets a `'` in front, and so does one that has one already, so that
//! what is read is what was written.

use super::output::{self, Problem, WRONG};
use super::prompt_args::{PromptExportArgs, PromptTranslateArgs};
use super::{check, flow_files};
use crate::prompt_import::write_whole;
use ivr_flows::edit::{Editor as _, Operation, Refused, Splicer};
use ivr_flows::{FindingLevel, Flow, check_source, parse};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The columns before the two languages.
const FLOW: &str = "flow";
const PROMPT: &str = "prompt";
/// The largest table, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Signs by which a spreadsheet takes a cell for a formula, and the one that says it is none.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name of the flow.
    pub flow: String,
    /// Name of the prompt.
    pub prompt: String,
    /// Its text in the language that is translated from.
    pub from: String,
    /// The translation; empty: none yet.
    pub to: String,
}

/// A table with its two languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Translated from.
    pub from: String,
    /// Translated to.
    pub to: String,
    /// The texts.
    pub rows: Vec<Row>,
}

fn safe(cell: &str) -> String {
    if cell.starts_with(FORMULA) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) => rest,
        _ => cell,
    }
}

impl Table {
    /// As CSV (RFC 4180).
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        let head = [FLOW, PROMPT, self.from.as_str(), self.to.as_str()].map(str::to_owned);
        let rows = self
            .rows
            .iter()
            .map(|row| [&row.flow, &row.prompt, &row.from, &row.to].map(|cell| safe(cell)));
        for record in std::iter::once(head).chain(rows) {
            // Writing to memory cannot fail.
            let _ = out.write_record(record);
        }
        String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// Reads CSV as spreadsheets write it: separated by commas or semicolons, with or without a mark at its beginning.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn from_csv(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        let separator = if first.contains(';') && !first.contains(',') {
            b';'
        } else {
            b','
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let broken = |error: csv::Error| format!("it is no table that can be read: {error}");
        let head = records.next().ok_or("it is empty")?.map_err(broken)?;
        let head: Vec<&str> = head.iter().map(str::trim).collect();
        let [FLOW, PROMPT, from, to] = head.as_slice() else {
            return Err(format!(
                "its first line is not `{FLOW},{PROMPT},FROM,TO`, as `cordboard prompt export` writes it"
            ));
        };
        let mut rows = Vec::new();
        for record in records {
            let record = record.map_err(broken)?;
            let cell = |place: usize| plain(record.get(place).unwrap_or_default()).to_owned();
            rows.push(Row {
                flow: cell(0),
                prompt: cell(1),
                from: cell(2),
                to: cell(3),
            });
        }
        Ok(Self {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            rows,
        })
    }
}

/// The texts of a flow's prompts in `from`, with those in `to`.
#[must_use]
pub fn rows(flow: &Flow, from: &str, to: &str) -> Vec<Row> {
    let text = |texts: &BTreeMap<String, String>, language: &str| texts.get(language).cloned();
    let prompts = flow.prompts().iter();
    prompts
        .filter_map(|(name, prompt)| {
            Some(Row {
                flow: flow.name().to_owned(),
                prompt: name.clone(),
                from: text(&prompt.texts, from)?,
                to: text(&prompt.texts, to).unwrap_or_default(),
            })
        })
        .collect()
}

/// A flow's text with the translations in it, and how many are new.
///
/// # Errors
/// For each row that does not fit, what is wrong with it; then nothing is changed.
pub fn translated(
    source: &str,
    table: &Table,
    rows: &[&Row],
) -> Result<(String, usize), Vec<String>> {
    let Ok(flow) = parse(source, "") else {
        return Err(vec![
            "the flow itself cannot be read: run `cordboard flow check`".to_owned(),
        ]);
    };
    let mut text = source.to_owned();
    let mut wrong = Vec::new();
    let mut count = 0;
    let errors = |text: &str| {
        let findings = check_source(text, "", None).findings.into_iter();
        let errors = findings.filter(|one| one.level == FindingLevel::Error);
        errors
            .map(|one| (one.code, one.message))
            .collect::<Vec<_>>()
    };
    let before = errors(source);
    for row in rows.iter().filter(|row| !row.to.trim().is_empty()) {
        let name = &row.prompt;
        let Some(prompt) = flow.prompts().get(name) else {
            wrong.push(format!("{name}: the flow has no such prompt"));
            continue;
        };
        if prompt.texts.get(&table.from) != Some(&row.from) {
            wrong.push(format!(
                "{name}: its `{}` text is another one now: export again",
                table.from
            ));
            continue;
        }
        if prompt.texts.get(&table.to) == Some(&row.to) {
            continue;
        }
        let operation = Operation::SetPrompt {
            name: name.clone(),
            part: table.to.clone(),
            text: Some(row.to.clone()),
        };
        let edited = match Splicer.edit(&text, &operation) {
            Ok(edited) => edited.text,
            Err(Refused::Unfit(why) | Refused::Layout(why)) => {
                wrong.push(format!("{name}: {why}"));
                continue;
            }
            Err(Refused::Unreadable(_)) => {
                wrong.push(format!("{name}: the text cannot stand in a flow"));
                continue;
            }
        };
        if let Some((code, message)) = errors(&edited)
            .into_iter()
            .find(|error| !before.contains(error))
        {
            wrong.push(format!("{name}: {message} ({code})"));
            continue;
        }
        text = edited;
        count += 1;
    }
    if wrong.is_empty() {
        Ok((text, count))
    } else {
        Err(wrong)
    }
}

fn flows(folder: &Path) -> Result<BTreeMap<String, (PathBuf, String)>, Problem> {
    let mut all = BTreeMap::new();
    for path in flow_files::find(folder)? {
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let what = format!("cannot read {}", path.display());
            Problem::new(
                what,
                error.to_string(),
                "name the folder with `flows` under [node]",
            )
        })?;
        let name = flow_files::name_of(&path).unwrap_or_default().to_owned();
        all.insert(name, (path, text));
    }
    Ok(all)
}

/// `cordboard prompt export`.
pub(super) fn export(args: &PromptExportArgs) -> ExitCode {
    let settings = match args.config.read() {
        Ok(settings) => settings,
        Err(findings) => return check::cannot_go_on(&findings),
    };
    let flows = match flows(&settings.node.flows) {
        Ok(flows) => flows,
        Err(problem) => return problem.report(),
    };
    let mut table = Table {
        from: args.from.clone(),
        to: args.to.clone(),
        rows: Vec::new(),
    };
    for (path, text) in flows.values() {
        match parse(text, &path.display().to_string()) {
            Ok(flow) => table.rows.extend(rows(&flow, &args.from, &args.to)),
            Err(_) => output::note(&format!("{}: left out, it cannot be read", path.display())),
        }
    }
    if args.missing {
        table.rows.retain(|row| row.to.is_empty());
    }
    output::result(&table.to_csv());
    ExitCode::SUCCESS
}

/// `cordboard prompt translate`.
pub(super) fn translate(args: &PromptTranslateArgs) -> ExitCode {
    match taken(args) {
        Ok(code) => code,
        Err(Ok(problem)) => problem.report(),
        Err(Err(findings)) => check::cannot_go_on(&findings),
    }
}

type Stopped = Result<Problem, Vec<crate::config::ConfigFinding>>;

fn taken(args: &PromptTranslateArgs) -> Result<ExitCode, Stopped> {
    let settings = args.config.read().map_err(Err)?;
    let cannot = |why: String| -> Stopped {
        let what = format!("cannot take {}", args.file.display());
        Ok(Problem::new(
            what,
            why,
            "name a table that `cordboard prompt export` wrote, saved as CSV in UTF-8",
        ))
    };
    let size = std::fs::metadata(&args.file)
        .map_err(|error| cannot(error.to_string()))?
        .len();
    if size > LARGEST {
        return Err(cannot("it is larger than 16 MiB".to_owned()));
    }
    let text = std::fs::read_to_string(&args.file).map_err(|error| cannot(error.to_string()))?;
    let table = Table::from_csv(&text).map_err(cannot)?;
    let flows = flows(&settings.node.flows).map_err(Ok)?;
    let mut wrong = Vec::new();
    let mut changed = Vec::new();
    let mut by_flow: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &table.rows {
        by_flow.entry(&row.flow).or_default().push(row);
    }
    for (name, rows) in by_flow {
        let Some((path, source)) = flows.get(name) else {
            wrong.push(format!("{name}: there is no such flow"));
            continue;
        };
        match translated(source, &table, &rows) {
            Ok((text, count)) => changed.push((path, text, count)),
            Err(more) => wrong.extend(more.into_iter().map(|why| format!("{name}: {why}"))),
        }
    }
    if !wrong.is_empty() {
        output::note(&format!(
            "error: nothing was changed\n  {}",
            wrong.join("\n  ")
        ));
        return Ok(ExitCode::from(WRONG));
    }
    for (path, text, count) in changed {
        if count > 0 {
            write_whole(path, text.as_bytes())
                .map_err(|error| cannot(format!("{}: {error}", path.display())))?;
        }
        output::result(&format!(
            "{}: {count} text(s) in `{}`",
            path.display(),
            table.to
        ));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FLOW: &str = "flow: 1 # ours\nname: shop\nlanguages: { default: en, offer: [en, es] }\nprompts:\n  # said first\n  hello: { en: \"Hello, world.\" }   # nice\n  sum: { en: 'It is {{ amount(vars.sum, \"EUR\") }}.' }\nvars: { sum: { type: int } }\nblocks:\n  start:\n    - play: [hello, sum]\n    - hangup:\n";

    fn table(rows: Vec<Row>) -> Table {
        Table {
            from: "en".to_owned(),
            to: "es".to_owned(),
            rows,
        }
    }

    #[test]
    fn texts_go_out_and_come_back_translated_and_no_remark_is_lost() {
        let flow = parse(FLOW, "shop.flow.yaml").unwrap();
        let mut table = table(rows(&flow, "en", "es"));
        assert_eq!(table.rows.len(), 2);
        table.rows[0].to = "Hola, mundo: \"buenos días\" # no".to_owned();
        table.rows[1].to = "Son {{ amount(vars.sum, \"EUR\") }}.".to_owned();
        let read = Table::from_csv(&table.to_csv()).unwrap();
        assert_eq!(read, table);
        let rows: Vec<&Row> = read.rows.iter().collect();
        let (text, count) = translated(FLOW, &read, &rows).unwrap();
        assert_eq!(count, 2);
        let after = parse(&text, "").unwrap();
        assert_eq!(after.prompts()["hello"].texts["es"], read.rows[0].to);
        assert_eq!(after.prompts()["sum"].texts["es"], read.rows[1].to);
        for remark in ["# ours", "# said first", "# nice"] {
            assert!(text.contains(remark), "{text}");
        }
        // Once more changes nothing.
        assert_eq!(translated(&text, &read, &rows).unwrap(), (text.clone(), 0));
    }

    #[test]
    fn a_row_that_does_not_fit_changes_nothing() {
        let row = |prompt: &str, from: &str, to: &str| Row {
            flow: "shop".to_owned(),
            prompt: prompt.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        for (row, says) in [
            (row("bye", "Bye.", "Adiós."), "no such prompt"),
            (row("hello", "Hello.", "Hola."), "another one now"),
            (row("hello", "Hello, world.", "Hola {{ vars. }}"), "F010"),
            (
                row("hello", "Hello, world.", "Hola {{ vars.nadie }}"),
                "nadie",
            ),
        ] {
            let good = self::row("hello", "Hello, world.", "Hola.");
            let table = table(vec![good, row]);
            let rows: Vec<&Row> = table.rows.iter().collect();
            let wrong = translated(FLOW, &table, &rows).unwrap_err();
            assert!(wrong.join(" ").contains(says), "{wrong:?}");
        }
        for (text, says) in [
            ("", "empty"),
            ("a,b,c\n", "first line"),
            ("flow,prompt,en,es\nx,\"y\n", "no table"),
        ] {
            let read = Table::from_csv(text);
            assert!(read.is_err_and(|why| why.contains(says)), "{text}");
        }
    }

    fn row(prompt: &str, from: &str, to: &str) -> Row {
        Row {
            flow: "shop".to_owned(),
            prompt: prompt.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    #[test]
    fn spreadsheets_see_no_formula_and_may_use_semicolons() {
        let texts = [
            "=1+1", "+34", "-5", "@x", "'quoted", "'=x", "\tx", "a\nb", "plain",
        ];
        let table = table(texts.iter().map(|text| row("p", text, text)).collect());
        let csv = table.to_csv();
        let reader = csv::Reader::from_reader(csv.as_bytes()).into_records();
        for record in reader {
            for cell in &record.unwrap() {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{cell:?}"
                );
            }
        }
        assert_eq!(Table::from_csv(&csv).unwrap(), table);
        let excel = "\u{feff}flow;prompt;en;es\r\nshop;hello;Hello;Hola\r\n";
        assert_eq!(
            Table::from_csv(excel).unwrap().rows,
            [row("hello", "Hello", "Hola")]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn every_text_comes_back(texts in proptest::collection::vec("[=+'@\\-\\t\"\\r\\n;,a-zñ ]{0,12}", 0..6)) {
            let table = table(texts.iter().map(|text| row("p", text, text)).collect());
            prop_assert_eq!(Table::from_csv(&table.to_csv()).unwrap(), table);
        }
    }
}
