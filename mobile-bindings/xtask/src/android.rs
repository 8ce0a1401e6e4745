//! An AAR: the library for each kind of processor, and the Kotlin.

use std::{env, path::PathBuf};

use crate::{
    elf,
    run::{Done, PROFILE, bindings, compile, copy, flags, leave_out, run, target},
};

/// Processors by their names in Rust and in Android: phones, and emulators on desktops.
const PROCESSORS: [(&str, &str); 2] =
    [("aarch64-linux-android", "arm64-v8a"), ("x86_64-linux-android", "x86_64")];
/// The oldest Android: the first with StrongBox.
const PLATFORM: &str = "28";
/// Pages of 16 KiB (newer NDKs do it by themselves); equal functions once; relocations packed, as Android has read them since
/// that platform.
const LINKING: [&str; 4] =
    ["-z,max-page-size=16384", "--icf=all", "--pack-dyn-relocs=android+relr", "--use-android-relr-tags"];

/// Builds for each processor by cargo-ndk, strips, checks the alignment, and has Gradle make the AAR.
///
/// # Errors
/// A tool is missing or fails.
pub(crate) fn package() -> Done {
    let ndk = env::var_os("ANDROID_NDK_HOME").map(PathBuf::from);
    let ndk = ndk.ok_or("ANDROID_NDK_HOME names no NDK: install one with Android's sdkmanager")?;
    let project = bindings().join("kotlin/android");
    let linking = LINKING.map(str::to_owned).into_iter().chain([leave_out()]);
    let linking: Vec<_> = linking.map(|argument| format!("-C link-arg=-Wl,{argument}")).collect();
    let settings = [linking.as_slice(), &flags()].concat().join(" ");
    for (processor, name) in PROCESSORS {
        let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", processor.to_uppercase().replace('-', "_"));
        let platform = ["ndk", "-t", name, "-P", PLATFORM];
        let build = [platform.as_slice(), &compile("cdylib")].concat();
        run("cargo", &build, &[(&flags, &settings)])
            .map_err(|why| format!("{why}; `cargo install cargo-ndk`, `rustup target add {processor}`"))?;
        let built = target().join(processor).join(PROFILE).join("libhuizheng.so");
        let packaged = project.join("src/main/jniLibs").join(name).join("libhuizheng.so");
        copy(&built, &packaged)?;
        let strip = ndk.join("toolchains/llvm/prebuilt").join(host()).join("bin/llvm-strip");
        run(&strip.to_string_lossy(), &[packaged.as_os_str()], &[])?;
        elf::check_alignment(&packaged)?;
    }
    let project = project.to_string_lossy().into_owned();
    run("gradle", &["-p", &project, "assembleRelease"], &[])?;
    println!("{project}/build/outputs/aar");
    Ok(())
}

/// The NDK's name for the machine that it runs on.
fn host() -> &'static str {
    match env::consts::OS {
        "macos" => "darwin-x86_64",
        "windows" => "windows-x86_64",
        _ => "linux-x86_64",
    }
}
