//! `huizheng network …` and `huizheng node`: a chain of several validators, each a process with a folder of its own.

mod begin;
mod home;
mod init;
mod node;
pub(crate) mod process;
mod up;
mod view;

use crate::args::{NetworkArgs, NetworkCommand};
use crate::fault::Done;

pub(crate) use begin::begin;
pub(crate) use home::Settings;
pub use node::run as run_node;

/// Runs `huizheng network …`.
pub async fn run(args: NetworkArgs, log: &str) -> Done {
    match args.command {
        NetworkCommand::Init { validators, dir, port_base } => init::init(&dir, validators, port_base),
        NetworkCommand::Join { dir, home, port } => init::join(&dir, &home, port),
        NetworkCommand::Up { dir } => up::run(&dir, log).await,
    }
}
