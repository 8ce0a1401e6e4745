//! `huizheng network up`: all validators of a folder as processes of their own, and a view of them.

use std::path::Path;
use std::time::Duration;

use super::view::View;
use super::{home, process};
use crate::fault::Done;

/// How often the view looks.
const LOOK: Duration = Duration::from_secs(1);

/// Runs all, until Ctrl-C.
pub(super) async fn run(dir: &Path, log: &str) -> Done {
    let mut children = Vec::new();
    let mut nodes = Vec::new();
    for folder in home::folders(dir)? {
        let settings = home::settings(&folder)?;
        nodes.push((settings.name.clone(), format!("http://{}", settings.http)));
        children.push((settings.name, process::start(&folder, log)?));
    }
    let mut view = View::new(nodes);
    let mut look = tokio::time::interval(LOOK);
    let stop = service::server::shutdown_signal();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = look.tick() => {
                for (name, child) in &mut children {
                    view.lives(name, matches!(child.try_wait(), Ok(None)));
                }
                view.show().await;
            }
        }
    }
    view.leave();
    process::stop(children).await;
    Ok(())
}
