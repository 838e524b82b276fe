//! House rules as a test: sizes, layering, purity, one home per protocol crate, bounded channels, and the tables of
//! `ARCHITECTURE.md` held against the code.
//!
//! **Owns**: what the compiler and clippy cannot say. Every failure names file, line, rule and remedy, and all
//! failures of a rule are shown at once. **Must not know**: any crate of ours; it reads text.

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/manifests.rs"]
mod manifests;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use tree::Tree;

/// A rule that was broken: where, and what to do about it.
type Complaint = String;

/// Fails with all complaints at once; a reader repairs them in one go.
#[track_caller]
fn none(complaints: &[Complaint]) {
    assert!(
        complaints.is_empty(),
        "{} complaint(s):\n  {}\n",
        complaints.len(),
        complaints.join("\n  ")
    );
}

#[test]
fn files_stay_readable() {
    none(&rules::file_sizes(Tree::shared()));
}

#[test]
fn allow_list_is_short_and_needed() {
    none(&rules::allow_list(Tree::shared()));
}

#[test]
fn functions_fit_on_a_screen() {
    none(&rules::function_sizes(Tree::shared()));
}

#[test]
fn every_file_says_what_it_owns() {
    none(&rules::module_docs(Tree::shared()));
}

#[test]
fn pure_parts_have_no_clock_task_or_randomness() {
    none(&rules::purity(Tree::shared()));
}

#[test]
fn each_protocol_crate_has_one_home() {
    none(&rules::protocol_homes(Tree::shared()));
}

#[test]
fn every_channel_is_bounded() {
    none(&rules::unbounded_channels(Tree::shared()));
}

#[test]
fn nothing_is_left_undone() {
    none(&rules::leftovers(Tree::shared()));
}

#[test]
fn crates_depend_only_downwards() {
    none(&manifests::layering(Tree::shared()));
}

#[test]
fn packages_come_from_the_public_registries() {
    none(&manifests::sources(Tree::shared()));
}

#[test]
fn no_file_names_somebodys_machine() {
    none(&documents::private_paths(Tree::shared()));
}

#[test]
fn the_map_is_short() {
    none(&documents::map_length(Tree::shared()));
}

#[test]
fn hop_table_is_true() {
    none(&documents::hops(Tree::shared()));
}

#[test]
fn channel_table_is_true() {
    none(&documents::channels(Tree::shared()));
}

#[test]
fn invariant_table_is_true() {
    none(&documents::invariants(Tree::shared()));
}

#[test]
fn every_routing_rule_names_its_tests() {
    none(&documents::routing_rules(Tree::shared()));
}

#[test]
fn dependency_table_is_true() {
    none(&documents::dependencies(Tree::shared()));
}

/// The checks are only as good as the reader below them, so that is tested too.
mod reader {
    use super::source::Source;

    fn source(text: &str) -> Source {
        Source::new("router/src/x.rs", text)
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        let file = source(
            "// todo!()\nlet a = \"dbg!(\\\" {\"; /* { /* nested */ } */ let b = r#\"{ \" \"#;\nlet c = '{'; fn f<'a>() {}\n",
        );
        assert!(!file.all().contains("todo!"));
        assert!(!file.all().contains("dbg!"));
        assert_eq!(file.all().matches('{').count(), 1);
    }

    #[test]
    fn test_modules_are_not_production() {
        let file = source(
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { x.unwrap(); }\n}\nfn c() {}\n",
        );
        assert!(!file.production().contains("unwrap"));
        assert!(file.production().contains("fn c"));
    }

    #[test]
    fn tables_do_not_count() {
        let file = source("const T: [u8; 3] = [\n    1,\n    2,\n    3,\n];\nfn a() {}\n");
        assert_eq!(file.code_lines(), 3);
    }

    #[test]
    fn function_lengths_are_counted_in_code_lines() {
        let body = "    let x = 1;\n\n    // nothing\n".repeat(71);
        let file = source(&format!(
            "fn short(a: [u8; 2]) -> u8 {{\n    1\n}}\nfn long() {{\n{body}}}\n"
        ));
        let lengths: Vec<_> = file
            .functions()
            .into_iter()
            .map(|f| (f.name, f.code_lines))
            .collect();
        assert_eq!(lengths, [("short".to_owned(), 1), ("long".to_owned(), 71)]);
    }

    #[test]
    fn words_are_whole_words() {
        let file = source("use rsip::Method;\nlet x = crate::rsip::y;\nlet rsipish = 1;\n");
        assert_eq!(file.crate_uses("rsip"), [1]);
    }
}

/// Names of one table column, for set comparisons.
fn names<'a>(column: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    column.map(str::to_owned).collect()
}
