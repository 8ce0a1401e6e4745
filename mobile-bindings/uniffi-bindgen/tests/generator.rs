//! The generator as a program. What it generates is held against what is committed by `mobile-bindings/generate --check`.

use std::process::Command;

#[test]
fn it_is_of_the_version_that_the_library_is_built_with() {
    let said = Command::new(env!("CARGO_BIN_EXE_uniffi-bindgen")).arg("--version").output().expect("it runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let pinned = include_str!("../../../Cargo.toml").lines().find(|line| line.starts_with("uniffi = "));
    let pinned = pinned.and_then(|line| line.split('"').nth(1)).expect("the workspace pins it");
    assert_eq!(pinned.strip_prefix('='), said.split_whitespace().nth(1), "{pinned}, {said}");
}
