//! How much the library adds to an app, against a gate: `mobile-bindings/library-size.txt`, the most bytes, stripped.

use std::fs;

use crate::run::{Done, PROFILE, bindings, compile, copy, flags, leave_out, run, target};

/// Equal functions once, relocations packed, and no descriptions, as for Android: by the linker that Rust brings along on this machine.
fn linking() -> Vec<String> {
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        return Vec::new();
    }
    let arguments = ["--icf=all".to_owned(), "-z,pack-relative-relocs".to_owned(), leave_out()];
    arguments.map(|argument| format!("-Clink-arg=-Wl,{argument}")).to_vec()
}

/// Builds it (unless it is `built` already), strips a copy (`mobile/shipped` in cargo's target folder) and compares. Prints a line of JSON, as `huizheng bench` does.
///
/// # Errors
/// It is larger than the gate, or can't be built.
pub(crate) fn check(built: bool) -> Done {
    if !built {
        let flags = flags().join("\u{1f}");
        let linking = linking();
        let linking: Vec<&str> = linking.iter().map(String::as_str).collect();
        let build = [compile("cdylib").as_slice(), &["--"], &linking].concat();
        run("cargo", &build, &[("CARGO_ENCODED_RUSTFLAGS", &flags)])?;
    }
    let folder = target().join(PROFILE);
    let (whole, stripped) = (folder.join("libhuizheng.so"), folder.join("shipped").join("libhuizheng.so"));
    copy(&whole, &stripped)?;
    run("strip", &[stripped.as_os_str()], &[])?;
    let bytes = fs::metadata(&stripped).map_err(|error| format!("{}: {error}", stripped.display()))?.len();
    let most = gate()?;
    // Beside what an app pays for at most, as the floor of a figure that has none.
    let ratio = (bytes as f64 / most as f64 * 1000.0).round() / 1000.0;
    println!(
        "{{\"name\":\"library/bytes\",\"value\":{bytes},\"unit\":\"bytes\",\"floor\":{most},\"ratio\":{ratio}}}"
    );
    if bytes > most {
        return Err(format!(
            "the library is {bytes} bytes, and the gate {most}: find what made it grow, or raise the gate and say why"
        ));
    }
    Ok(())
}

fn gate() -> Done<u64> {
    let file = bindings().join("library-size.txt");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    text.trim().parse().map_err(|_| format!("{} should hold one number", file.display()))
}
