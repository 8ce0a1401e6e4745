//! An XCFramework: the static library for phones, simulators and Macs, with the header.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::run::{Done, PROFILE, bindings, compile, copy, flags, run, target};

/// Platforms, and the processors of each. An XCFramework takes one library for a platform; Macs are there for `swift build` and
/// `swift test`.
const PLATFORMS: [(&str, &[&str]); 3] = [
    ("phones", &["aarch64-apple-ios"]),
    ("simulators", &["aarch64-apple-ios-sim", "x86_64-apple-ios"]),
    ("macs", &["aarch64-apple-darwin", "x86_64-apple-darwin"]),
];
/// The module map links it by this name.
const LIBRARY: &str = "libhuizheng.a";

/// Builds for each target and has Xcode put the XCFramework beside `Package.swift`.
///
/// # Errors
/// A tool is missing or fails; it can only be done on a Mac.
pub(crate) fn package() -> Done {
    if std::env::consts::OS != "macos" {
        return Err("an XCFramework can only be made on a Mac, with Xcode".to_owned());
    }
    for (platform, processors) in PLATFORMS {
        for processor in processors {
            build(processor)?;
        }
        if processors.len() > 1 {
            let joined = library(platform, processors);
            fs::create_dir_all(joined.with_file_name("")).map_err(|error| error.to_string())?;
            run("lipo", &joining(processors, &joined), &[])?;
        }
    }
    let headers = target().join("xcframework-headers");
    let sources = bindings().join("swift/Sources/HuizhengFFI");
    for name in ["HuizhengFFI.h", "module.modulemap"] {
        copy(&sources.join(name), &headers.join(name))?;
    }
    let framework = bindings().join("swift/HuizhengFFI.xcframework");
    if framework.exists() {
        fs::remove_dir_all(&framework).map_err(|error| error.to_string())?;
    }
    run("xcodebuild", &framing(&headers, &framework), &[])?;
    println!("{}", framework.display());
    Ok(())
}

fn build(processor: &str) -> Done {
    let settings = flags().join("\u{1f}");
    run(
        "cargo",
        &[compile("staticlib").as_slice(), &["--target", processor]].concat(),
        &[("CARGO_ENCODED_RUSTFLAGS", &settings)],
    )
    .map_err(|why| format!("{why}; `rustup target add {processor}`"))?;
    // Debug symbols only: what the linker needs stays.
    run("strip", &["-S".into(), built(processor).into_os_string()], &[])
}

fn built(processor: &str) -> PathBuf {
    target().join(processor).join(PROFILE).join(LIBRARY)
}

/// A platform's library: its only processor's, or the one that those of all its processors are joined to.
fn library(platform: &str, processors: &[&str]) -> PathBuf {
    match processors {
        [only] => built(only),
        _ => target().join(format!("xcframework-{platform}")).join(LIBRARY),
    }
}

/// `lipo`'s arguments.
fn joining(processors: &[&str], joined: &Path) -> Vec<OsString> {
    let mut arguments = vec!["-create".into()];
    arguments.extend(processors.iter().map(|processor| built(processor).into_os_string()));
    arguments.extend(["-output".into(), joined.into()]);
    arguments
}

/// `xcodebuild`'s arguments.
fn framing(headers: &Path, framework: &Path) -> Vec<OsString> {
    let mut arguments = vec!["-create-xcframework".into()];
    for (platform, processors) in PLATFORMS {
        let library = library(platform, processors);
        arguments.extend(["-library".into(), library.into(), "-headers".into(), headers.into()]);
    }
    arguments.extend(["-output".into(), framework.into()]);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &[OsString]) -> String {
        let target = format!("{}/", target().display());
        let words: Vec<_> =
            arguments.iter().map(|word| word.to_string_lossy().replace(&target, "")).collect();
        words.join(" ")
    }

    #[test]
    fn each_platform_has_one_library_of_the_name_that_is_linked() {
        assert_eq!(
            words(&framing(Path::new("headers"), Path::new("HuizhengFFI.xcframework"))),
            "-create-xcframework \
             -library aarch64-apple-ios/mobile/libhuizheng.a -headers headers \
             -library xcframework-simulators/libhuizheng.a -headers headers \
             -library xcframework-macs/libhuizheng.a -headers headers \
             -output HuizhengFFI.xcframework"
        );
        let map = fs::read_to_string(bindings().join("swift/Sources/HuizhengFFI/module.modulemap")).unwrap();
        assert!(map.contains("link \"huizheng\""), "{map}");
    }

    #[test]
    fn a_platforms_processors_are_joined() {
        let (platform, processors) = PLATFORMS[2];
        assert_eq!(
            words(&joining(processors, &library(platform, processors))),
            "-create aarch64-apple-darwin/mobile/libhuizheng.a x86_64-apple-darwin/mobile/libhuizheng.a \
             -output xcframework-macs/libhuizheng.a"
        );
    }

    #[test]
    fn the_page_for_app_makers_adds_every_target() {
        let page = fs::read_to_string(bindings().join("../docs/mobile.md")).unwrap();
        let targets: Vec<_> = PLATFORMS.iter().flat_map(|(_, processors)| *processors).copied().collect();
        let add = format!("rustup target add {}", targets.join(" "));
        assert!(page.contains(&add), "docs/mobile.md should say: {add}");
    }
}
