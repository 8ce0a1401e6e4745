//! Errors as a person reads them: what happened, and what to do.

use std::error::Error;
use std::fmt;

use crate::term::{Ink, Paint};

/// What went wrong in a command, with what to do about it.
pub struct Fault {
    what: String,
    todo: String,
    code: u8,
}

/// What a command gives back.
pub type Done<T = ()> = Result<T, Fault>;

impl Fault {
    /// Two lines: what, and what to do.
    pub fn new(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what: what.into(), todo: todo.into(), code: 1 }
    }

    /// The same with another exit code than 1.
    #[must_use]
    pub fn exiting(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// What the process ends with.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The two lines for a terminal.
    pub fn render(&self, paint: Paint) -> String {
        let first = format!("{} {}", paint.text(Ink::Bad, "error:"), self.what);
        if self.todo.is_empty() {
            first
        } else {
            format!("{first}\n  {}", paint.text(Ink::Faint, &self.todo))
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Paint::off()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Says what to do about an error of any kind.
pub trait OrFault<T> {
    /// The error's own text, and this.
    fn or_fault(self, todo: impl Into<String>) -> Done<T>;
}

impl<T, E: Error> OrFault<T> for Result<T, E> {
    fn or_fault(self, todo: impl Into<String>) -> Done<T> {
        self.map_err(|error| Fault::new(chain(&error), todo))
    }
}

/// The error's text and its causes', without repeating what a cause already says.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_two_lines_and_says_nothing_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("the file can't be read: {0}")]
        struct Outer(#[source] std::io::Error);
        let failed: Result<(), _> = Err(Outer(std::io::Error::other("disk on fire")));
        let fault = failed.or_fault("call the fire brigade").expect_err("failed");
        assert_eq!(
            fault.render(Paint::off()),
            "error: the file can't be read: disk on fire\n  call the fire brigade"
        );
    }
}
