//! What happened, for whoever reads a failure. **Owns**: the last lines and a digest of all of them.
//! **Must not know**: what the lines mean.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Lines shown of a seed that failed.
const SHOWN: usize = 60;

/// The story of one seed.
#[derive(Debug)]
pub(crate) struct Transcript {
    last: VecDeque<String>,
    digest: DefaultHasher,
    lines: u64,
    aloud: bool,
}

impl Transcript {
    /// `aloud` prints every line as it comes.
    pub(crate) fn new(aloud: bool) -> Self {
        Self {
            last: VecDeque::new(),
            digest: DefaultHasher::new(),
            lines: 0,
            aloud,
        }
    }

    #[allow(clippy::print_stdout)]
    pub(crate) fn say(&mut self, micros: u64, who: &str, what: &str) {
        let mut line = String::new();
        let _ = write!(
            line,
            "{:>5}.{:03} {:03}  {who:<14} {what}",
            micros / 1_000_000,
            micros / 1_000 % 1_000,
            micros % 1_000
        );
        line.hash(&mut self.digest);
        self.lines += 1;
        if self.aloud {
            println!("{line}");
        }
        self.last.push_back(line);
        if self.last.len() > SHOWN {
            self.last.pop_front();
        }
    }

    /// How many lines there were, and a number that two runs share when every line was the same.
    pub(crate) fn digest(&self) -> (u64, u64) {
        (self.lines, self.digest.finish())
    }

    pub(crate) fn last_lines(&self) -> String {
        let mut text = String::new();
        for line in &self.last {
            let _ = writeln!(text, "  {line}");
        }
        text
    }
}
