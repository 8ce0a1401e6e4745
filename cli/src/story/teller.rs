//! Tells the story: chapters, steps, what was checked.

use std::time::Instant;

use crate::fault::Fault;
use crate::term::{self, Ink, Paint};

/// Prints as the story goes.
pub(super) struct Teller {
    paint: Paint,
    chapters: usize,
    steps: usize,
    started: Instant,
}

impl Teller {
    pub(super) fn new() -> Self {
        Self { paint: Paint::stdout(), chapters: 0, steps: 0, started: Instant::now() }
    }

    /// A new chapter.
    pub(super) fn chapter(&mut self, title: &str) {
        self.chapters += 1;
        term::say_line(format!(
            "\n{}",
            self.paint.text(Ink::Strong, format!("{:>2} {title}", self.chapters))
        ));
    }

    /// A step that ended as it must, and what showed that.
    pub(super) fn step(&mut self, what: &str, shown: impl AsRef<str>) {
        self.steps += 1;
        term::say_line(format!("   {} {what}", self.paint.text(Ink::Good, "✓")));
        for line in shown.as_ref().lines().filter(|line| !line.is_empty()) {
            term::say_line(format!("     {}", self.paint.text(Ink::Faint, line)));
        }
    }

    /// A step that ended otherwise.
    pub(super) fn broken(&self, fault: &Fault) {
        term::say_line(format!("   {} {fault}", self.paint.text(Ink::Bad, "✗")));
    }

    /// The end.
    pub(super) fn finish(&self) {
        let seconds = self.started.elapsed().as_secs_f64();
        let text = format!(
            "{} steps in {} chapters, each ended as it must ({seconds:.1} s)",
            self.steps, self.chapters
        );
        term::say_line(format!("\n{}\n", self.paint.text(Ink::Good, text)));
    }
}

/// The story goes on only if this holds.
macro_rules! must {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::fault::Fault::new(format!($($what)+), "the story broke here; run it again with --log info"));
        }
    };
}
pub(crate) use must;
