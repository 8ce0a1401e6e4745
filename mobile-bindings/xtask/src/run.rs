//! Other programs, and where things are.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What went wrong, and what to do about it.
pub(crate) type Done<T = ()> = Result<T, String>;

/// The cargo profile that apps get.
pub(crate) const PROFILE: &str = "mobile";
const PACKAGE: &str = "huizheng-ffi";

/// Cargo's arguments to make the library as one kind alone: beside a Rust library, cargo leaves out the optimisation over
/// all crates that makes it small.
pub(crate) fn compile(kind: &str) -> [&str; 11] {
    [
        "rustc",
        "--quiet",
        "--profile",
        PROFILE,
        "--package",
        PACKAGE,
        "--features",
        "quiet",
        "--lib",
        "--crate-type",
        kind,
    ]
}

/// The compiler's flags: paths that say nothing of the machine that built the library, and functions with a frame, whose way out takes
/// half as many bytes to describe.
pub(crate) fn flags() -> Vec<String> {
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let registries = fs::read_dir(cargo.join("registry/src")).into_iter().flatten().flatten();
    let project = bindings().join("..").canonicalize().unwrap_or_default();
    let folders = registries.map(|registry| registry.path()).chain([project]);
    let paths = folders.map(|folder| format!("--remap-path-prefix={}/=", folder.display()));
    paths.chain(["-Cforce-frame-pointers=yes".to_owned()]).collect()
}

/// The linker's argument (lld's) that leaves out what only the bindings' generator reads.
pub(crate) fn leave_out() -> String {
    format!("-T,{}", bindings().join("xtask/shipped.ld").display())
}

/// `mobile-bindings`.
pub(crate) fn bindings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| bindings().join("../target"), PathBuf::from)
}

/// Runs a program to its end.
///
/// # Errors
/// What it is for, when it is missing or fails.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S], settings: &[(&str, &str)]) -> Done {
    let status = Command::new(program).args(arguments).envs(settings.iter().copied()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} failed: {status}")),
        Err(error) => Err(format!("{program} can't be run: {error}")),
    }
}

pub(crate) fn copy(from: &Path, to: &Path) -> Done {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::copy(from, to).map(drop).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}
