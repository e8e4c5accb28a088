//! A Rust file as the checks see it: its text, its code without comments and literals, and which
//! lines are tests.

use std::{fs, path::Path};

/// One Rust file.
pub(crate) struct Source {
    /// Where it is, from the root of the repository, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
    /// The text with blanks for comments and for the insides of literals; the same lines.
    pub(crate) code: String,
    /// For each line, whether it is part of a test.
    tests: Vec<bool>,
}

/// One function with a body.
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The line of its `fn`, from 1.
    pub(crate) line: usize,
    /// From that line to its closing brace.
    pub(crate) lines: usize,
}

impl Source {
    /// Takes a file's text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = mask(text);
        let tests = test_lines(path, &code);
        Self { path: path.into(), text: text.into(), code, tests }
    }

    /// Whether a line, from 1, is part of a test.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.tests.get(line - 1).copied().unwrap_or(false)
    }

    /// The lines of code, numbered from 1.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }

    /// The lines of code that are no tests, numbered from 1.
    pub(crate) fn library_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code_lines().filter(|(line, _)| !self.is_test(*line))
    }

    /// Every function that has a body.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let code = self.code.as_bytes();
        words(&self.code)
            .filter(|&(at, word)| {
                word == "fn" && !self.code[at + 2..].trim_start().starts_with('(')
            })
            .filter_map(|(at, _)| {
                let (_, name) = words(&self.code[at + 2..]).next()?;
                let open = body(code, at)?;
                let first = line_of(code, at);
                let last = line_of(code, closing(code, open));
                Some(Function { name: name.into(), line: first, lines: last - first + 1 })
            })
            .collect()
    }
}

/// Every text file of the repository with its path, apart from what builds leave behind.
pub(crate) fn repository() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder is read") {
            let path = entry.expect("an entry is read").path();
            if is_foreign(&path) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.push((relative(&root, &path), text));
            }
        }
    }
    files.sort();
    files
}

/// What git, builds and fuzzing keep for themselves. (`.git` is a file in a second worktree.)
fn is_foreign(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    matches!(&*name, ".git" | "target" | "node_modules" | "artifacts" | "__pycache__")
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).expect("files are inside the root");
    path.to_string_lossy().replace('\\', "/")
}

/// The identifiers and keywords of code, with where they begin.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = code.as_bytes();
    let mut at = 0;
    core::iter::from_fn(move || {
        while at < bytes.len() && !is_word(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        (start < at).then(|| (start, &code[start..at]))
    })
}

/// The line, from 1, that a place is in.
pub(crate) fn line_of(code: &[u8], at: usize) -> usize {
    1 + code.iter().take(at).filter(|&&byte| byte == b'\n').count()
}

/// Where the brace after `at` that opens an item's body is; nothing for an item that ends in `;`.
fn body(code: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0;
    for (place, byte) in code.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(place),
            b';' if depth == 0 => return None,
            _ if depth < 0 => return None,
            _ => {}
        }
    }
    None
}

/// Where the brace that closes the one at `open` is, or the end.
fn closing(code: &[u8], open: usize) -> usize {
    let mut depth = 0;
    for (place, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place;
        }
    }
    code.len()
}

/// Which lines are tests: all of a test file, and the items marked as tests elsewhere.
fn test_lines(path: &str, code: &str) -> Vec<bool> {
    let all = path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "testing.rs"));
    let mut tests = vec![all; code.lines().count()];
    for mark in ["#[cfg(test)]", "#[test]"] {
        for (at, _) in code.match_indices(mark) {
            let bytes = code.as_bytes();
            let end = match body(bytes, at + mark.len()) {
                Some(open) => closing(bytes, open),
                None => at + code[at..].find(';').unwrap_or(0),
            };
            let range = line_of(bytes, at) - 1..line_of(bytes, end.min(bytes.len()));
            tests[range].fill(true);
        }
    }
    tests
}

/// What the lexer is inside of.
enum State {
    Code,
    Comment { depth: usize },
    LineComment,
    Text { hashes: Option<usize> },
}

/// Blanks comments and the insides of strings and characters.
fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut state = State::Code;
    while out.len() < bytes.len() {
        let rest = &bytes[out.len()..];
        let (length, shown, next) = step(state, rest, out.last().copied());
        let end = out.len() + length.min(rest.len());
        for &byte in &bytes[out.len()..end] {
            out.push(if shown || byte == b'\n' { byte } else { b' ' });
        }
        state = next;
    }
    String::from_utf8(out).expect("only whole characters are blanked or kept")
}

/// How many bytes come next, whether they stay, and what follows.
fn step(state: State, rest: &[u8], before: Option<u8>) -> (usize, bool, State) {
    match state {
        State::Code => step_in_code(rest, before),
        State::LineComment if rest[0] == b'\n' => (1, true, State::Code),
        State::LineComment => (1, false, State::LineComment),
        State::Comment { depth } if rest.starts_with(b"/*") => {
            (2, false, State::Comment { depth: depth + 1 })
        }
        State::Comment { depth: 1 } if rest.starts_with(b"*/") => (2, false, State::Code),
        State::Comment { depth } if rest.starts_with(b"*/") => {
            (2, false, State::Comment { depth: depth - 1 })
        }
        State::Comment { depth } => (1, false, State::Comment { depth }),
        State::Text { hashes: None } if rest[0] == b'\\' => {
            (2, false, State::Text { hashes: None })
        }
        State::Text { hashes } if rest[0] == b'"' => {
            let wanted = hashes.unwrap_or(0);
            let found = rest[1..].iter().take_while(|&&byte| byte == b'#').count();
            if found >= wanted { (1 + wanted, true, State::Code) } else { (1, false, state) }
        }
        State::Text { hashes } => (1, false, State::Text { hashes }),
    }
}

fn step_in_code(rest: &[u8], before: Option<u8>) -> (usize, bool, State) {
    let after_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match rest {
        [b'/', b'/', ..] => (2, false, State::LineComment),
        [b'/', b'*', ..] => (2, false, State::Comment { depth: 1 }),
        [b'"', ..] => (1, true, State::Text { hashes: None }),
        [b'r', ..] if !after_word || before == Some(b'b') => {
            let hashes = rest[1..].iter().take_while(|&&byte| byte == b'#').count();
            if rest.get(1 + hashes) == Some(&b'"') {
                (2 + hashes, true, State::Text { hashes: Some(hashes) })
            } else {
                (1, true, State::Code)
            }
        }
        [b'\'', b'\\', ..] => {
            let length = rest.iter().skip(3).position(|&byte| byte == b'\'').map_or(1, |n| n + 4);
            (length, false, State::Code)
        }
        // A character, not a lifetime: a quote ends it at once. It may be several bytes long.
        [b'\'', first, ..] => {
            let width = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            let is_char = rest.get(1 + width) == Some(&b'\'');
            if is_char { (2 + width, false, State::Code) } else { (1, true, State::Code) }
        }
        _ => (1, true, State::Code),
    }
}
