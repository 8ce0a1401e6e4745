//! `cargo xtask`: packages the library for Android and iOS, and weighs it.
//!
//! The bindings' generator reads symbols and descriptions, so it takes the library as the compiler made it; what is packaged is linked without
//! the descriptions, and stripped.

mod android;
mod apple;
mod elf;
mod run;
mod size;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask package-aar | package-xcframework | library-size [--built]

  package-aar          an Android library (AAR), by cargo-ndk and Gradle
  package-xcframework  an XCFramework for Xcode, on a Mac
  library-size         the stripped library for this machine, against its gate file; --built takes it as it is";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["package-aar"] => android::package(),
        ["package-xcframework"] => apple::package(),
        ["library-size"] => size::check(false),
        ["library-size", "--built"] => size::check(true),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
