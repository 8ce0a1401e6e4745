//! An XCFramework: the static library for phones and for simulators, with the header.

use std::{fs, path::PathBuf};

use crate::run::{Done, PROFILE, bindings, compile, copy, flags, run, target};

const PHONE: &str = "aarch64-apple-ios";
const SIMULATORS: [&str; 2] = ["aarch64-apple-ios-sim", "x86_64-apple-ios"];
const LIBRARY: &str = "libhuizheng.a";

/// Builds for each target and has Xcode put the XCFramework beside `Package.swift`.
///
/// # Errors
/// A tool is missing or fails; it can only be done on a Mac.
pub(crate) fn package() -> Done {
    if std::env::consts::OS != "macos" {
        return Err("an XCFramework can only be made on a Mac, with Xcode".to_owned());
    }
    let settings = flags().join("\u{1f}");
    for processor in SIMULATORS.into_iter().chain([PHONE]) {
        run(
            "cargo",
            &[compile("staticlib").as_slice(), &["--target", processor]].concat(),
            &[("CARGO_ENCODED_RUSTFLAGS", &settings)],
        )
        .map_err(|why| format!("{why}; `rustup target add {processor}`"))?;
        // Debug symbols only: what the linker needs stays.
        run("strip", &["-S".into(), built(processor).into_os_string()], &[])?;
    }
    let both = target().join("xcframework-simulators").join(LIBRARY);
    fs::create_dir_all(both.with_file_name("")).map_err(|error| error.to_string())?;
    let [one, other] = SIMULATORS.map(|processor| built(processor).into_os_string());
    run("lipo", &["-create".into(), one, other, "-output".into(), both.clone().into_os_string()], &[])?;

    let headers = target().join("xcframework-headers");
    let sources = bindings().join("swift/Sources/HuizhengFFI");
    for name in ["HuizhengFFI.h", "module.modulemap"] {
        copy(&sources.join(name), &headers.join(name))?;
    }
    let framework = bindings().join("swift/HuizhengFFI.xcframework");
    if framework.exists() {
        fs::remove_dir_all(&framework).map_err(|error| error.to_string())?;
    }
    let (phone, headers) = (built(PHONE).into_os_string(), headers.into_os_string());
    let arguments = [
        "-create-xcframework".into(),
        "-library".into(),
        phone,
        "-headers".into(),
        headers.clone(),
        "-library".into(),
        both.into_os_string(),
        "-headers".into(),
        headers,
        "-output".into(),
        framework.clone().into_os_string(),
    ];
    run("xcodebuild", &arguments, &[])?;
    println!("{}", framework.display());
    Ok(())
}

fn built(processor: &str) -> PathBuf {
    target().join(processor).join(PROFILE).join(LIBRARY)
}
