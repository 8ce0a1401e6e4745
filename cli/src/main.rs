//! The command `huizheng`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::command::main()
}
