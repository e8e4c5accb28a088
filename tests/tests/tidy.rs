//! The habits of this code base, checked: sizes, banned names, layers, documented limits.

#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/promises.rs"]
mod promises;
#[path = "tidy/requirements.rs"]
mod requirements;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use std::sync::LazyLock;

use rules::Finding;
use source::Source;

/// Every Rust file of the repository.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let files = source::repository().into_iter().filter(|(path, _)| has_extension(path, "rs"));
    files.map(|(path, text)| Source::new(&path, &text)).collect()
});

fn has_extension(path: &str, extension: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|found| found == extension)
}

/// Applies a rule to every Rust file and fails with all that it finds.
fn check(rule: impl Fn(&Source) -> Vec<Finding>) {
    assert!(SOURCES.iter().any(|source| source.path == "mcp-proto/src/lib.rs"), "no files");
    let found = SOURCES.iter().flat_map(|source| report(&source.path, rule(source)));
    assert_clean(&found.collect::<Vec<_>>());
}

fn report(path: &str, found: Vec<Finding>) -> Vec<String> {
    found.into_iter().map(|(line, message)| format!("{path}:{line}: {message}")).collect()
}

#[track_caller]
fn assert_clean(found: &[String]) {
    assert!(found.is_empty(), "{} to mend:\n{}", found.len(), found.join("\n"));
}

#[test]
fn functions_files_and_lines_are_short() {
    check(rules::sizes);
}

#[test]
fn no_banned_name_is_used() {
    check(rules::banned_names);
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    check(rules::file_doc);
}

#[test]
fn tests_are_named_by_behaviour() {
    check(rules::test_names);
}

#[test]
fn only_one_file_compares_versions() {
    check(rules::versions);
}

#[test]
fn only_http_knows_statuses() {
    check(rules::statuses);
}

#[test]
fn layers_import_downwards_only() {
    let lib = SOURCES.iter().find(|source| source.path == "mcp-proto/src/lib.rs");
    let roots = layers::roots(lib.expect("the core has a root"));
    check(|source| layers::imports(source, &roots));
}

#[test]
fn every_limit_says_what_happens_at_it_and_why_it_is_so() {
    let files = source::repository();
    let limits = files.iter().find(|(path, _)| path == "mcp-proto/src/limits.rs");
    let (path, text) = limits.expect("the core has limits");
    assert_clean(&report(path, rules::limits(text)));
}

#[test]
fn the_manual_says_of_every_limit_and_invariant_how_it_is_tested() {
    let files = source::repository();
    let text = |path: &str| {
        let found = files.iter().find(|(known, _)| known == path);
        &*found.unwrap_or_else(|| panic!("{path} is gone")).1
    };
    let path = "mcp-proto/src/manual/promises.md";
    let invariants = text("mcp-proto/src/testing/checker/invariant.rs");
    let mut wanted = promises::members(text("mcp-proto/src/limits.rs"), "pub struct Limits {");
    wanted.extend(promises::members(invariants, "pub enum Invariant {"));
    assert!(wanted.len() > 40, "{wanted:?}");
    let found = promises::check(text(path), &wanted, &promises::tests(&SOURCES));
    assert_clean(&report(path, found));
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let files = source::repository().into_iter().filter(|(path, _)| path != ".ci/run");
    let found = files.flat_map(|(path, text)| report(&path, rules::foreign_paths(&text)));
    assert_clean(&found.collect::<Vec<_>>());
}

/// The checks themselves, on bad snippets.
mod checks {
    use super::*;

    const CORE: &str = "mcp-proto/src/server/call.rs";

    fn caught(rule: impl Fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<String> {
        rule(&Source::new(path, text)).into_iter().map(|(_, message)| message).collect()
    }

    #[track_caller]
    fn assert_caught(rule: impl Fn(&Source) -> Vec<Finding>, path: &str, text: &str, what: &str) {
        let messages = caught(rule, path, text);
        let hit = messages.iter().any(|message| message.contains(what));
        assert!(hit, "{what:?} is not among {messages:?}");
    }

    #[track_caller]
    fn assert_passes(rule: impl Fn(&Source) -> Vec<Finding>, path: &str, text: &str) {
        assert_eq!(caught(rule, path, text), Vec::<String>::new(), "in {text:?}");
    }

    #[test]
    fn a_long_function_is_caught_and_one_at_the_limit_is_not() {
        let function = |lines: usize| format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
        assert_caught(rules::sizes, CORE, &function(71), "`f` has 71 lines");
        assert_passes(rules::sizes, CORE, &function(70));
    }

    #[test]
    fn braces_in_literals_and_comments_do_not_end_a_function() {
        let tricks = [r#""}""#, r##"r#""}"#"##, "'}'", "b'}'", "'\\''", "\"\\\"}\"", "/* } */ 1"];
        for trick in tricks {
            let text =
                format!("fn f<'a, T>() where T: X<'a>, {{\n{trick}; // }}\n}}\nfn g() {{}}\n");
            let lines: Vec<usize> =
                Source::new(CORE, &text).functions().iter().map(|f| f.lines).collect();
            assert_eq!(lines, [3, 1], "with {trick}");
        }
    }

    #[test]
    fn declarations_without_a_body_are_no_functions() {
        let text = "trait T { fn f(&self, x: [u8; 3]) -> fn(u8) -> u8; fn g() {\n} }";
        let names: Vec<String> =
            Source::new(CORE, text).functions().into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["g"]);
    }

    #[test]
    fn a_long_file_and_a_long_line_are_caught() {
        assert_caught(rules::sizes, CORE, &"//\n".repeat(501), "501 lines");
        assert_passes(rules::sizes, CORE, &"//\n".repeat(500));
        assert_caught(rules::sizes, CORE, &"é".repeat(101), "101 columns");
        assert_passes(rules::sizes, CORE, &"é".repeat(100));
        let message = format!("{{\"{}\":1}}", "x".repeat(100));
        assert_passes(rules::sizes, CORE, &message);
        assert_caught(rules::sizes, CORE, &format!("// {message}"), "columns");
    }

    #[test]
    fn a_banned_name_is_caught_where_it_is_banned() {
        assert_caught(rules::banned_names, CORE, "let x = std::mem::take(y);", "`std::`");
        assert_caught(rules::banned_names, CORE, "fn f() { todo! {} }", "`todo!`");
        assert_caught(rules::banned_names, CORE, "let m: HashMap<A, B>;", "`BTreeMap`");
        assert_caught(rules::banned_names, CORE, "let now = Instant::now();", "as an argument");
        let sleep = concat!("std::thread::sl", "eep(d);");
        assert_caught(rules::banned_names, "tests/tests/x.rs", sleep, "virtual time");
        assert_passes(rules::banned_names, "adapters/stdio/src/lib.rs", sleep);
        assert_passes(rules::banned_names, "mcp-proto/examples/x.rs", "std::println!();");
        assert_caught(rules::banned_names, CORE, "panic!();", "an error");
        assert_passes(rules::banned_names, "mcp-proto/src/testing/x.rs", "panic!();");
        assert_caught(rules::banned_names, "mcp-proto/src/testing/x.rs", "std::f();", "`std::`");
        let later = concat!("// TO", "DO: more");
        assert_caught(rules::banned_names, CORE, later, "finish it");
    }

    #[test]
    fn a_banned_name_in_a_test_a_literal_or_a_longer_word_is_none() {
        let test = "#[cfg(test)]\nmod tests {\n    use std::vec;\n}\n";
        assert_passes(rules::banned_names, CORE, test);
        assert_caught(rules::banned_names, CORE, &format!("{test}use std::vec;"), "`std::`");
        assert_passes(rules::banned_names, CORE, "let s = \"todo! std:: \\\" HashMap\"; // std::x");
        assert_passes(rules::banned_names, CORE, "my_std::f(MyHashMap); notdbg!(1)");
    }

    #[test]
    fn a_file_without_a_doc_is_caught() {
        assert_caught(rules::file_doc, CORE, "use core::fmt;\n", "no `//!`");
        assert_passes(rules::file_doc, CORE, "//! Calls.\n");
    }

    #[test]
    fn a_test_that_is_not_named_by_behaviour_is_caught() {
        assert_caught(rules::test_names, CORE, "#[test]\nfn test_calls() {}", "`test_calls`");
        assert_passes(rules::test_names, CORE, "#[test]\nfn a_call_ends() {}\nfn test_tool() {}");
    }

    #[test]
    fn a_revision_outside_its_file_is_caught() {
        let text = "if terms.version == Version::V2025_06_18 {";
        assert_caught(rules::versions, CORE, text, "`V2025_06_18`");
        assert_caught(rules::versions, CORE, "if self.version >= other {", "orders versions");
        assert_caught(rules::versions, CORE, "if oldest < call.version {", "orders versions");
        assert_passes(
            rules::versions,
            CORE,
            "if version.rules().handshake && known.version == version {",
        );
        assert_passes(rules::versions, "mcp-proto/src/version.rs", text);
        assert_passes(rules::versions, CORE, &format!("#[test]\nfn f() {{\n{text} }}\n}}"));
    }

    #[test]
    fn a_status_outside_http_is_caught() {
        assert_caught(rules::statuses, CORE, "reply(404);", "`404`");
        assert_passes(rules::statuses, "mcp-proto/src/http/status.rs", "reply(404);");
        assert_passes(rules::statuses, CORE, "reply(-32_404);");
    }

    #[test]
    fn an_upward_import_is_caught() {
        let lib = Source::new("mcp-proto/src/lib.rs", "pub use pipe::{PipeOutput, ServerPipe};");
        let rule = |source: &Source| layers::imports(source, &layers::roots(&lib));
        let wire = "mcp-proto/src/wire/line.rs";
        assert_caught(rule, wire, "use crate::schema::Tool;", "`wire` imports `schema`");
        let group = "use crate::{\n    error::{code, server},\n    router::Router,\n};";
        assert_caught(rule, CORE, group, "`server` imports `router`");
        assert_eq!(caught(rule, CORE, group).len(), 1);
        assert_caught(rule, CORE, "x: crate::ServerPipe,", "`server` imports `pipe`");
        let client = "mcp-proto/src/client/mod.rs";
        assert_caught(rule, client, "use crate::server::Call;", "`client` imports `server`");
        assert_passes(rule, CORE, "use crate::{server::x, schema::{pipe, Tool}, wire::Json};");
        assert_passes(rule, CORE, "#[cfg(test)]\nuse crate::pipe::ServerPipe;");
    }

    #[test]
    fn a_limit_without_consequence_or_reason_is_caught() {
        let limit = |doc: &str| {
            let text = format!("pub struct Limits {{\n    /// {doc}\n    pub x_max: usize,\n}}\n");
            rules::limits(&text).len()
        };
        assert_eq!(limit("Calls. Default 9: as others do. When exceeded: refused."), 0);
        assert_eq!(limit("Calls. Default 1,024. When exceeded: refused."), 1);
        assert_eq!(limit("Calls. Default 9: as others do."), 1);
        assert_eq!(limit("Calls."), 2);
    }

    #[test]
    fn a_path_of_one_machine_is_caught() {
        let lines = concat!("see ../", "shared/x\n", "cd /wor", "k/main\n", "\"/tm", "p/x\"\n");
        assert_eq!(rules::foreign_paths(lines).len(), 3);
        assert_eq!(rules::foreign_paths("a network/x, https://example.com/a").len(), 0);
    }
}
