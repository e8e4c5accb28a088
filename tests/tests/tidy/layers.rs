//! Layers of the core import downwards only.

use std::collections::BTreeMap;

use super::{
    rules::Finding,
    source::{Source, line_of, words},
};

/// The layers, lowest first; those of one row do not import each other. Modules that are in no row
/// (errors, limits, time and the like) may be used anywhere.
const LAYERS: &[&[&str]] = &[
    &["wire"],
    &["schema"],
    &["rpc"],
    &["server", "client"],
    &["pipe", "http", "cluster"],
    &["router"],
    &["testing"],
];

/// The module that each name at the crate's root comes from.
pub(crate) type Roots = BTreeMap<String, String>;

/// Reads the re-exports of `lib.rs`.
pub(crate) fn roots(lib: &Source) -> Roots {
    let mut roots = Roots::new();
    for (at, _) in lib.code.match_indices("pub use ") {
        let statement = lib.code[at..].split(';').next().unwrap_or_default();
        let names: Vec<&str> = words(statement).map(|(_, word)| word).skip(2).collect();
        if let [module, names @ ..] = &names[..] {
            roots.extend(names.iter().map(|name| ((*name).into(), (*module).into())));
        }
    }
    roots
}

/// Imports that go up, or sideways from `client` to `server` and the like.
pub(crate) fn imports(source: &Source, roots: &Roots) -> Vec<Finding> {
    let Some(path) = source.path.strip_prefix("mcp-proto/src/") else { return vec![] };
    let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let Some(own) = rank(module) else { return vec![] };
    let mut found = Vec::new();
    for (at, lead) in source.code.match_indices("crate::") {
        let line = line_of(source.code.as_bytes(), at);
        if source.is_test(line) {
            continue;
        }
        for name in heads(&source.code[at + lead.len()..]) {
            let target = roots.get(name).map_or(name, String::as_str);
            let Some(rank) = rank(target) else { continue };
            if target != module && rank >= own {
                found.push((line, format!("`{module}` imports `{target}`, which is not below it")));
            }
        }
    }
    found
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// The first segments of a path, or of each path of a group in braces.
fn heads(path: &str) -> Vec<&str> {
    if !path.starts_with('{') {
        return words(path).next().map(|(_, word)| word).into_iter().collect();
    }
    let mut depth = 0;
    let mut fresh = false;
    let mut heads = Vec::new();
    let mut skip_to = 0;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if matches!(byte, b'{' | b',') {
            fresh = depth == 1;
        } else if fresh && at >= skip_to && byte.is_ascii_alphabetic() {
            let word = words(&path[at..]).next().map_or("", |(_, word)| word);
            heads.push(word);
            skip_to = at + word.len();
            fresh = false;
        }
    }
    heads
}
