//! The rules that hold in every file, each as a function from a file to what is wrong in it.

use super::source::{Source, line_of, words};

/// A line, from 1, and what is wrong there.
pub(crate) type Finding = (usize, String);

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 100;

/// Short enough to be read at once: functions, files and lines.
pub(crate) fn sizes(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        found.push((1, format!("{lines} lines, more than {FILE_LINES_MAX}")));
    }
    for (line, text) in (1..).zip(source.text.lines()) {
        let columns = text.chars().count();
        if columns > COLUMNS_MAX && !holds_wire_text(text) {
            found.push((line, format!("{columns} columns, more than {COLUMNS_MAX}")));
        }
    }
    for function in source.functions() {
        if function.lines > FUNCTION_LINES_MAX {
            let (name, lines) = (function.name, function.lines);
            let message = format!("`{name}` has {lines} lines, more than {FUNCTION_LINES_MAX}");
            found.push((function.line, message));
        }
    }
    found
}

/// A message is one line on the wire, and is easier to read as one.
fn holds_wire_text(text: &str) -> bool {
    text.contains("{\"") && !text.trim_start().starts_with("//")
}

/// Where a name is banned.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// Everywhere.
    All,
    /// In the core and in tests: where time is an argument.
    Timeless,
    /// In the core, its tests included.
    Core,
    /// In the core outside its tests.
    CoreLibrary,
    /// In what serves a peer: the core without its tests and without the kit for them.
    Engine,
}

/// A name, where it is banned, and what to write instead.
///
/// Some names are written in two parts, so that a plain search for them does not end here.
const BANS: &[(&str, Scope, &str)] = &[
    ("todo!", Scope::All, "the code itself, or no declaration yet"),
    ("unimplemented!", Scope::All, "the code itself, or no declaration yet"),
    ("dbg!", Scope::All, "nothing, or an assertion"),
    (concat!("#[ign", "ore"), Scope::All, "a test that runs, or none"),
    ("#[should_panic", Scope::All, "an assertion on the returned error"),
    ("Uuid::new_v4", Scope::All, "an id made from `Entropy`"),
    (concat!("thread::sl", "eep"), Scope::Timeless, "virtual time, or waiting with a deadline"),
    (concat!("Timer::af", "ter"), Scope::Timeless, "virtual time, or waiting with a deadline"),
    ("SystemTime::now", Scope::Core, "a moment given as an argument"),
    ("Instant::now", Scope::Core, "a moment given as an argument"),
    ("HashMap", Scope::Core, "`BTreeMap`: its order is deterministic"),
    ("HashSet", Scope::Core, "`BTreeSet`: its order is deterministic"),
    ("std::", Scope::CoreLibrary, "`core::` or `alloc::`"),
    ("serde_json::Value", Scope::Engine, "`Json`, or a type of its own: a tree is slow"),
    (".unwrap()", Scope::CoreLibrary, "a `match`, `?`, or a type that cannot be wrong"),
    ("panic!", Scope::Engine, "an error: input must not panic"),
    ("println!", Scope::Core, "an event"),
    ("thread_local!", Scope::Core, "an argument"),
    ("lazy_static!", Scope::All, "an argument"),
    ("static mut", Scope::All, "an argument"),
];

/// Words in comments that say that something is missing.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Names that are not used, each with what to write instead.
pub(crate) fn banned_names(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    // Examples are programs: they print, and use what programs use.
    let core = source.path.starts_with("mcp-proto/") && !source.path.contains("/examples/");
    let kit = source.path.starts_with("mcp-proto/src/testing/");
    for (line, text) in source.code_lines() {
        let test = source.is_test(line);
        for (name, scope, instead) in BANS {
            let holds = match scope {
                Scope::All => true,
                Scope::Timeless => core || source.path.starts_with("tests/") || test,
                Scope::Core => core,
                Scope::CoreLibrary => core && !test && text.trim() != "extern crate std;",
                Scope::Engine => core && !test && !kit,
            };
            if holds && has_name(text, name) {
                found.push((line, format!("`{name}` is banned; instead: {instead}")));
            }
        }
    }
    for (line, text) in (1..).zip(source.text.lines()) {
        for (_, word) in words(text).filter(|(_, word)| UNFINISHED.contains(word)) {
            found.push((line, format!("`{word}`: finish it, or say what is so and why")));
        }
    }
    found
}

/// Whether a name stands in a line of code on its own, not as a part of a longer word.
fn has_name(line: &str, name: &str) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    line.match_indices(name).any(|(at, _)| {
        let bytes = line.as_bytes();
        let starts = !is_word(name.as_bytes().first()) || at == 0 || !is_word(bytes.get(at - 1));
        let ends = !is_word(name.as_bytes().last()) || !is_word(bytes.get(at + name.len()));
        starts && ends
    })
}

/// Every file says what it is for.
pub(crate) fn file_doc(source: &Source) -> Vec<Finding> {
    let documented = source.text.starts_with("//! ");
    if documented { vec![] } else { vec![(1, "no `//!` doc at its beginning".into())] }
}

/// A test's name says what is so; `test_` says nothing.
pub(crate) fn test_names(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, mark) in source.code.match_indices("#[test]") {
        let mut rest = words(&source.code[at + mark.len()..]).skip_while(|&(_, word)| word != "fn");
        let Some((_, name)) = rest.nth(1) else { continue };
        if name.starts_with("test_") {
            let line = line_of(source.code.as_bytes(), at);
            found.push((line, format!("`{name}`: name the behaviour, as a sentence")));
        }
    }
    found
}

/// Only `version.rs` knows revisions: all others ask its rules.
pub(crate) fn versions(source: &Source) -> Vec<Finding> {
    if source.path == "mcp-proto/src/version.rs" || source.path.starts_with("tests/") {
        return vec![];
    }
    let mut found = Vec::new();
    for (line, text) in source.library_lines() {
        if let Some((_, name)) = words(text).find(|(_, word)| is_revision(word)) {
            found.push((line, format!("`{name}` outside `version.rs`; ask `Rules`")));
        }
        if orders_versions(text) {
            found.push((line, "orders versions outside `version.rs`; ask `Rules`".into()));
        }
    }
    found
}

/// A variant of `Version`: `V2025_06_18` and the like.
fn is_revision(word: &str) -> bool {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = word.strip_prefix('V').unwrap_or("").split('_').collect();
    matches!(parts[..], [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2))
}

fn orders_versions(line: &str) -> bool {
    let parts: Vec<&str> = line.split_whitespace().collect();
    parts.windows(3).any(|part| {
        let is_version = |operand: &str| {
            let name = operand.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
            name.ends_with("version")
        };
        let ordered = matches!(part[1], "<" | "<=" | ">" | ">=");
        ordered && (is_version(part[0]) || is_version(part[2]))
    })
}

/// Statuses are HTTP's, and the rest of the core knows no transport.
pub(crate) fn statuses(source: &Source) -> Vec<Finding> {
    const STATUSES: &[&str] =
        &["400", "401", "403", "404", "405", "406", "413", "415", "421", "503"];
    let path = source.path.as_str();
    if !path.starts_with("mcp-proto/src/") || path.starts_with("mcp-proto/src/http") {
        return vec![];
    }
    let status = |word: &str| word == "StatusCode" || STATUSES.contains(&word);
    let found = source.library_lines().filter_map(|(line, text)| {
        let (_, word) = words(text).find(|(_, word)| status(word))?;
        Some((line, format!("`{word}`: an HTTP status outside `http`")))
    });
    found.collect()
}

/// Nothing names a folder of the machine that it was written on.
pub(crate) fn foreign_paths(text: &str) -> Vec<Finding> {
    const ROOTS: &[&str] = &["work", "farm", "tmp"];
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let outside = ROOTS.iter().any(|root| {
            let lead = format!("/{root}/");
            text.match_indices(&lead).any(|(at, _)| {
                let before = text[..at].bytes().last();
                let after = text[at + lead.len()..].bytes().next();
                !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    && after.is_some_and(|byte| byte.is_ascii_lowercase())
            })
        });
        if outside || text.contains(concat!("../", "shared")) {
            found.push((line, "a path of one machine".into()));
        }
    }
    found
}

/// Every limit says what happens at it, its default, and why that is the default.
pub(crate) fn limits(text: &str) -> Vec<Finding> {
    let Some(start) = text.find("pub struct Limits {") else {
        return vec![(1, "no `Limits`".into())];
    };
    let before = text[..start].lines().count();
    let mut found = Vec::new();
    let mut doc = String::new();
    for (line, text) in (before + 1..).zip(text[start..].lines()) {
        let text = text.trim();
        if let Some(part) = text.strip_prefix("///") {
            doc += part;
        } else if let Some(field) = text.strip_prefix("pub ").and_then(|rest| rest.split_once(':'))
        {
            if !doc.contains("When exceeded: ") {
                found.push((line, format!("`{}` without \"When exceeded:\"", field.0)));
            }
            if !has_reason(&doc) {
                found.push((line, format!("`{}` without \"Default <n>: <reason>\"", field.0)));
            }
            doc.clear();
        } else if text == "}" {
            break;
        }
    }
    found
}

/// "Default 256: ids are counters." or "Default 10, as others have."
fn has_reason(doc: &str) -> bool {
    let Some((_, default)) = doc.split_once("Default ") else { return false };
    let sentence = default.split("When exceeded:").next().unwrap_or_default();
    let reason = sentence.split_once(": ").or_else(|| sentence.split_once(", "));
    reason.is_some_and(|(value, reason)| value.len() <= 20 && reason.split(' ').count() >= 3)
}
