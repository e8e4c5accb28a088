//! How many crates an application takes in with each package: a number that only goes down.

use std::{collections::BTreeSet, process::Command};

/// The crates of a package's normal dependency tree with these features on this host, without the
/// package itself.
fn dependencies(package: &str, features: &str) -> BTreeSet<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--prefix", "none", "--offline", "--locked"])
        .args(["--package", package, "--features", features])
        .current_dir(root)
        .output()
        .expect("cargo is run");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree fails: {errors}");
    let tree = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let crates = tree.lines().filter_map(|line| {
        let mut parts = line.split(' ');
        Some(format!("{} {}", parts.next()?, parts.next()?))
    });
    crates.filter(|name| !name.starts_with(&format!("{package} "))).collect()
}

#[track_caller]
fn check(package: &str, features: &str, most: usize) {
    let found = dependencies(package, features);
    println!("{package} [{features}] depends on {} crates (at most {most}):", found.len());
    println!("{}", found.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
    assert!(!found.is_empty(), "the tree of {package} is not read");
    assert!(found.len() <= most, "{package} has {} dependencies: {found:#?}", found.len());
}

#[test]
fn the_core_takes_in_few_crates() {
    check("mcp-proto", "", 30);
}

#[test]
fn the_stdio_adapter_takes_in_few_crates() {
    check("mcp-stdio", "", 45);
}

#[test]
fn the_smol_adapter_takes_in_few_crates() {
    check("mcp-smol", "", 72);
}

#[test]
fn the_client_over_http_takes_in_few_crates() {
    check("mcp-smol", "client", 74);
    check("mcp-smol", "tls", 85);
}

#[test]
fn the_tiny_http_adapter_takes_in_few_crates() {
    check("mcp-tiny-http", "", 45);
}
