//! The stored inputs of the fuzz targets, replayed through the same functions.

use std::{fs, path::Path};

use mcp_tests::fuzz;

/// What a target does with an input.
type Body = fn(&[u8]);

/// All targets, by name.
const TARGETS: [(&str, Body); 11] = [
    ("client_pipe", fuzz::client_pipe),
    ("endpoint", fuzz::endpoint),
    ("header", fuzz::header),
    ("http_client", fuzz::http_client),
    ("line", fuzz::line),
    ("message", fuzz::message),
    ("server_pipe", fuzz::server_pipe),
    ("sse", fuzz::sse),
    ("state", fuzz::state),
    ("template", fuzz::template),
    ("world", fuzz::world),
];

/// The names in a folder of the fuzzing package, in order.
fn names(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder);
    let entries = fs::read_dir(folder).expect("a folder is read");
    let names = entries.map(|entry| entry.expect("an entry is read").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

#[test]
fn every_target_is_replayed() {
    let known = TARGETS.map(|(target, _)| target);
    assert_eq!(names("fuzz_targets"), known.map(|target| format!("{target}.rs")));
    assert_eq!(names("corpus"), known);
}

#[test]
fn every_stored_input_passes() {
    mcp_proto::spec!("SEC-12");
    for (target, body) in TARGETS {
        let folder = format!("corpus/{target}");
        let inputs = names(&folder);
        assert!(!inputs.is_empty(), "the corpus of {target} is empty");
        for input in inputs {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(&folder);
            let bytes = fs::read(path.join(&input)).expect("an input is read");
            println!("{folder}/{input}"); // shown if it fails
            body(&bytes);
        }
    }
}
