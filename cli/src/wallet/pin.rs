//! The PIN: from a terminal without showing it, from `HUIZHENG_PIN`, or from standard input in scripts.

use std::io::IsTerminal;

use zeroize::Zeroizing;

use crate::fault::{Done, Fault, OrFault};
use crate::term;

/// A new PIN, entered twice on a terminal.
pub(super) fn choose() -> Done<Zeroizing<String>> {
    if let Some(pin) = given() {
        return Ok(pin);
    }
    let pin = read("Choose a PIN (at least six characters): ")?;
    if std::io::stdin().is_terminal() && *read("Once more: ")? != *pin {
        return Err(Fault::new("the two are not the same", "start again"));
    }
    Ok(pin)
}

/// The PIN.
pub(super) fn ask() -> Done<Zeroizing<String>> {
    match given() {
        Some(pin) => Ok(pin),
        None => read("PIN: "),
    }
}

/// A backup's code, as it was written down; from `HUIZHENG_BACKUP_CODE` in scripts.
pub(super) fn backup_code() -> Done<Zeroizing<String>> {
    match std::env::var("HUIZHENG_BACKUP_CODE") {
        Ok(code) => Ok(Zeroizing::new(code)),
        Err(_) => read("The backup's code: "),
    }
}

fn given() -> Option<Zeroizing<String>> {
    std::env::var("HUIZHENG_PIN").ok().map(Zeroizing::new)
}

fn read(prompt: &str) -> Done<Zeroizing<String>> {
    if std::io::stdin().is_terminal() {
        let pin = rpassword::prompt_password(prompt)
            .or_fault("give it in HUIZHENG_PIN where there is no terminal")?;
        return Ok(Zeroizing::new(pin));
    }
    term::line("").map(Zeroizing::new)
}
