//! A validator as a process of its own, started by this one.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

pub(crate) use super::home::write as write_home;
use crate::fault::{Done, OrFault};

/// How long a validator may take to stop.
const STOP: Duration = Duration::from_secs(20);

/// Starts the validator of a folder. It ends with whoever started it; what it says is in `node.log`.
pub(crate) fn start(folder: &Path, log: &str) -> Done<Child> {
    let program = std::env::current_exe().or_fault("this program can't be found again")?;
    let path = folder.join("node.log");
    let errors = File::options().create(true).append(true).open(&path);
    let errors = errors.or_fault(format!("{}: name a folder that can be written", path.display()))?;
    let mut command = Command::new(program);
    command.args(["node", "--with-parent", "--log", log, "--home"]).arg(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(errors).kill_on_drop(true);
    command.spawn().or_fault("the system gives no more processes")
}

/// Tells all to stop, and waits until they have.
pub(crate) async fn stop(mut validators: Vec<(String, Child)>) {
    for (_, child) in &mut validators {
        // The end of its input tells it to stop.
        drop(child.stdin.take());
    }
    for (name, mut child) in validators {
        if tokio::time::timeout(STOP, child.wait()).await.is_err() {
            tracing::warn!(%name, "a validator takes too long to stop; it is killed, and loses nothing");
            if let Err(error) = child.kill().await {
                tracing::warn!(%name, %error, "nor can it be killed");
            }
        }
    }
}
