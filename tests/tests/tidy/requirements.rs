//! The requirements and the tests that prove them.
//!
//! `tests/requirements.tsv` lists the rows: an id, a level, and a reason where no test can prove
//! the row or what it is about is not built. A test names the rows that it proves with
//! `spec!("RPC-03")`. What a row says is what the names of its tests say; the report has them all:
//! `cargo test -p mcp-tests --test tidy requirement -- --nocapture`.

use std::{collections::BTreeMap, fs, path::Path};

use super::{
    SOURCES, assert_clean,
    source::{Source, line_of, words},
};

/// One line of the list.
struct Row {
    id: String,
    level: Level,
    /// Why no test names it.
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Must,
    Should,
    May,
    /// It follows from other rows.
    Derived,
}

/// Where a row is named.
#[derive(Debug, PartialEq)]
struct Proof {
    /// `file:line`.
    place: String,
    /// The test; nothing outside of tests.
    test: Option<String>,
}

/// The rows that are named, each with all places.
type Proofs = BTreeMap<String, Vec<Proof>>;

#[test]
fn every_must_has_a_test_or_a_reason() {
    let proofs = SOURCES.iter().flat_map(proofs).fold(Proofs::new(), |mut all, (id, proof)| {
        all.entry(id).or_default().push(proof);
        all
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.tsv");
    let rows = rows(&fs::read_to_string(path).expect("the list is there"));
    print!("{}", report(&rows, &proofs));
    assert_clean(&faults(&rows, &proofs));
}

fn rows(list: &str) -> Vec<Row> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| row(line).unwrap_or_else(|| panic!("no row: {line}"))).collect()
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.split('\t');
    let id = cells.next().filter(|id| id.contains('-'))?.into();
    let level = match cells.next()? {
        "MUST" => Level::Must,
        "SHOULD" => Level::Should,
        "MAY" => Level::May,
        "derived" => Level::Derived,
        _ => return None,
    };
    Some(Row { id, level, reason: cells.next().map(Into::into) })
}

/// Every row that a file names, and where.
fn proofs(source: &Source) -> Vec<(String, Proof)> {
    let marks = words(&source.code)
        .filter(|&(at, word)| word == "spec" && source.code[at..].starts_with("spec!("));
    let mut found = Vec::new();
    for (at, _) in marks {
        let line = line_of(source.code.as_bytes(), at);
        let end = source.code[at..].find(')').map_or(source.code.len(), |length| at + length);
        for id in source.text[at..end].split('"').skip(1).step_by(2) {
            let place = format!("{}:{line}", source.path);
            found.push((id.to_owned(), Proof { place, test: test_at(source, line) }));
        }
    }
    found
}

/// The test that a line is in.
fn test_at(source: &Source, line: usize) -> Option<String> {
    let mut around = source.functions().into_iter();
    let function =
        around.rfind(|function| (function.line..function.line + function.lines).contains(&line))?;
    let above: Vec<&str> = source.code.lines().take(function.line - 1).collect();
    let mut attributes = above.iter().rev().take_while(|line| line.trim().starts_with("#["));
    attributes.any(|line| line.trim() == "#[test]").then_some(function.name)
}

/// All that the list and the tests disagree about.
fn faults(rows: &[Row], proofs: &Proofs) -> Vec<String> {
    let mut faults = Vec::new();
    let ids: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    if ids.len() < rows.len() {
        faults.push("a row is listed twice".into());
    }
    for (id, proofs) in proofs {
        let place = &proofs[0].place;
        match ids.get(id.as_str()) {
            None => faults.push(format!("{place}: {id} is no row of the list")),
            Some(row) if row.reason.is_some() => {
                faults.push(format!("{place}: {id} has a test and a reason to have none"));
            }
            Some(_) => {}
        }
        for proof in proofs.iter().filter(|proof| proof.test.is_none()) {
            faults.push(format!("{}: {id} is named outside of a test", proof.place));
        }
    }
    let open = rows.iter().filter(|row| row.reason.is_none() && !proofs.contains_key(&row.id));
    faults.extend(
        open.filter(|row| row.level == Level::Must).map(|row| format!("{}: no test", row.id)),
    );
    faults
}

/// What proves each row; how many rows of each level have tests, and which have none.
fn report(rows: &[Row], proofs: &Proofs) -> String {
    let mut report = String::new();
    for row in rows {
        let tests = proofs.get(&row.id).into_iter().flatten();
        let tests: Vec<&str> = tests.filter_map(|proof| proof.test.as_deref()).collect();
        let reason = row.reason.as_ref().map(|reason| format!("({reason})"));
        report += &format!("{}: {}\n", row.id, reason.unwrap_or_else(|| tests.join(", ")));
    }
    for level in [Level::Must, Level::Should, Level::May, Level::Derived] {
        let of_level = || rows.iter().filter(|row| row.level == level);
        let proved = of_level().filter(|row| proofs.contains_key(&row.id)).count();
        let excused = of_level().filter(|row| row.reason.is_some()).count();
        let open: Vec<&str> = of_level()
            .filter(|row| row.reason.is_none() && !proofs.contains_key(&row.id))
            .map(|row| row.id.as_str())
            .collect();
        let all = of_level().count();
        report +=
            &format!("{level:?}: {proved} of {all} proved, {excused} with a reason not to be");
        report += &format!(", {} open: {}\n", open.len(), open.join(" "));
    }
    report
}

/// The check itself.
mod checks {
    use super::*;

    fn found(list: &str, path: &str, text: &str) -> Vec<String> {
        let mut all = Proofs::new();
        for (id, proof) in proofs(&Source::new(path, text)) {
            all.entry(id).or_default().push(proof);
        }
        faults(&rows(list), &all)
    }

    const TEST: &str = "#[test]\nfn it_works() {\n    spec!(\n\"A-1\", \"A-2\",\n);\n}\n";

    #[test]
    fn a_row_that_a_test_names_is_proved() {
        assert_eq!(found("# id\nA-1\tMUST\nA-2\tMAY", "a.rs", TEST), Vec::<String>::new());
    }

    #[test]
    fn a_must_without_a_test_is_caught_and_a_may_is_not() {
        let list = "A-1\tMUST\nA-2\tMUST\nA-3\tMUST\nA-4\tMAY\nA-5\tMUST\tnot built";
        assert_eq!(found(list, "a.rs", TEST), ["A-3: no test"]);
    }

    #[test]
    fn a_row_that_is_not_listed_or_excused_is_caught() {
        let faults = found("A-1\tMUST\tnot built", "a.rs", TEST);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("A-1 has a test and a reason"), "{faults:?}");
        assert!(faults[1].contains("A-2 is no row"), "{faults:?}");
    }

    #[test]
    fn a_row_named_outside_of_a_test_is_caught() {
        let text = TEST.replace("#[test]\n", "");
        assert_eq!(found("A-1\tMUST\nA-2\tMAY", "a.rs", &text).len(), 2);
        let comment = "#[test]\nfn it_works() {\n    // spec!(\"A-1\")\n}\n";
        assert_eq!(found("A-1\tMUST", "a.rs", comment), ["A-1: no test"]);
    }
}
