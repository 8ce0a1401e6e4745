//! `huizheng`, built with the tests that start it as a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::command::main()
}
