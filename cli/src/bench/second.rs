//! `ssi/verify/…`: ssi's own verification, by a process that has ssi whole (`e2e/ssi`); the floor is ours of the same text, in the same run.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use credentials::bench::{Beside, Case, beside};
use rand_core::OsRng;
use serde::Deserialize;
use serde_json::Value;

use super::Line;
use crate::fault::{Done, Fault, OrFault};

const BUILD_IT: &str = "build it with: cargo build --release --manifest-path e2e/ssi/Cargo.toml";
const BROKEN: &str = "this build is broken; report it";

/// Measures each mechanism that ssi has, for about so long here and there.
pub(super) fn run(program: &Path, budget: Duration) -> Done {
    let mut second = Second::start(program)?;
    let start = Instant::now();
    for Beside { name, given, ours } in beside(&mut OsRng).or_fault(BROKEN)? {
        let theirs = second.verify(name, given, budget / 2)?;
        // What is measured here has no floor of its own: it is the floor.
        let ours = Case { name, run: ours, floor: Box::new(|| true) };
        let ours = ours.measure(budget / 2, &|| start.elapsed()).or_fault(BROKEN)?;
        Line::new(name, theirs, "us", ours.value_us).print()?;
    }
    Ok(())
}

/// The process, ended with its value.
struct Second {
    process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What it says of one credential.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Timed { us: f64 },
    Refused { refused: String },
}

impl Second {
    fn start(program: &Path) -> Done<Self> {
        let piped = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = piped.or_fault(BUILD_IT)?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (asked, answers) = pipes.ok_or_else(|| Fault::new("it can't be spoken to", BROKEN))?;
        Ok(Self { process, asked, answers: BufReader::new(answers) })
    }

    /// The median of its verification, in microseconds.
    fn verify(&mut self, name: &str, mut given: Value, budget: Duration) -> Done<f64> {
        given["seconds"] = budget.as_secs_f64().into();
        writeln!(self.asked, "{given}").and_then(|()| self.asked.flush()).or_fault(BUILD_IT)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).or_fault(BUILD_IT)?;
        match serde_json::from_str(&line).or_fault(BUILD_IT)? {
            Answer::Timed { us } => Ok(us),
            Answer::Refused { refused } => {
                Err(Fault::new(format!("{name}: ssi does not take it: {refused}"), BUILD_IT))
            }
        }
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        // It has nothing to lose, and may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
