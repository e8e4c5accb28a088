//! The chapter of promises: it names every limit and every invariant, and tests that exist.

use std::collections::BTreeSet;

use super::{
    rules::Finding,
    source::{Source, words},
};

/// What each row of a table in the chapter is about, and its line.
fn rows(chapter: &str) -> Vec<(usize, &str)> {
    let lines = (1..).zip(chapter.lines());
    let rows = lines.filter_map(|(line, text)| {
        let name = text.strip_prefix("| `")?.split('`').next()?;
        Some((line, name))
    });
    rows.collect()
}

/// Names that the chapter leaves out, and tests in it that are nowhere.
pub(crate) fn check(chapter: &str, wanted: &[String], tests: &BTreeSet<String>) -> Vec<Finding> {
    let rows = rows(chapter);
    let known: BTreeSet<&str> = rows.iter().map(|(_, name)| *name).collect();
    let missing = wanted.iter().filter(|name| !known.contains(name.as_str()));
    let mut found: Vec<Finding> =
        missing.map(|name| (1, format!("no row says what holds for `{name}`"))).collect();
    for (line, name) in rows.iter().filter(|(_, name)| !wanted.iter().any(|known| known == name)) {
        found.push((*line, format!("`{name}` is no limit and no invariant")));
    }
    for (line, text) in (1..).zip(chapter.lines()) {
        // What is quoted and has three words or more is a test.
        for quoted in text.split('`').skip(1).step_by(2) {
            let is_name = quoted.matches('_').count() > 2
                && quoted.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            if is_name && !wanted.iter().any(|known| known == quoted) && !tests.contains(quoted) {
                found.push((line, format!("no test is called `{quoted}`")));
            }
        }
    }
    found
}

/// The fields of a struct or the variants of an enum that begins with `head`, by their names.
pub(crate) fn members(text: &str, head: &str) -> Vec<String> {
    let body = text.split_once(head).map_or("", |(_, rest)| rest);
    let body = body.split("\n}").next().unwrap_or_default();
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let names = lines.map(|line| line.strip_prefix("pub ").unwrap_or(line));
    names.filter_map(|line| Some(words(line).next()?.1.to_owned())).collect()
}

/// The names of all tests.
pub(crate) fn tests(sources: &[Source]) -> BTreeSet<String> {
    let functions = sources.iter().flat_map(Source::functions);
    functions.map(|function| function.name).collect()
}

/// The checks themselves, on bad chapters.
mod checks {
    use super::*;

    fn found(chapter: &str) -> Vec<String> {
        let wanted =
            members("pub struct Limits {\n    /// A.\n    pub a_max: u8,\n}\n", "Limits {");
        let tests = BTreeSet::from(["a_test_that_is_there".into()]);
        check(chapter, &wanted, &tests).into_iter().map(|(_, message)| message).collect()
    }

    #[test]
    fn a_limit_without_a_row_a_row_without_a_limit_and_a_test_that_is_nowhere_are_caught() {
        assert_eq!(found("| `a_max` | x | `a_test_that_is_there` |"), [""; 0]);
        assert_eq!(found("nothing"), ["no row says what holds for `a_max`"]);
        let more = "| `a_max` | x |\n| `b_max` | x | `a_test_that_is_gone` |";
        assert_eq!(
            found(more),
            ["`b_max` is no limit and no invariant", "no test is called `a_test_that_is_gone`"]
        );
    }
}
