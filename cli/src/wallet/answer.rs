//! Answering by codes, with no network.

use std::path::{Path, PathBuf};

use service::files;
use service::qr::{self, Robustness};
use wallet_core::{Choice, FrameSize, Wallet};

use super::present::{choose, draw, not_presented, refused};
use crate::fault::{Done, OrFault};
use crate::term::{self, Paint};
use crate::verify::codes;

pub(super) async fn run(wallet: &Wallet, files: &[PathBuf], yes: bool, svg: Option<&Path>) -> Done {
    let asked = codes::message(&codes::read(files)?)?.to_bytes();
    let request = wallet.review_offline(&asked).await.map_err(|error| refused(&error))?;
    let choice = if yes { Choice::first() } else { choose(&request)? };
    if !yes {
        term::say(draw(Paint::stdout(), &request, &choice));
        if !term::ask("Show this?")? {
            wallet.decline(&request.id).await.or_fault("check the folder's rights and space")?;
            term::say_line("Declined. Nothing was shown.");
            return Ok(());
        }
    }
    let shown = wallet.present_offline(&request.id, &choice, FrameSize::CAMERA_720P).await;
    let code = shown.map_err(|error| not_presented(&error))?;
    let Some(folder) = svg else {
        term::say_line(code.frames.join("\n"));
        return Ok(());
    };
    let todo = "name another folder with --svg";
    std::fs::create_dir_all(folder).or_fault(todo)?;
    for (number, frame) in (1..).zip(&code.frames) {
        let number: usize = number;
        let drawn = qr::svg(frame, Robustness::Near, "").or_fault("this build is broken; report it")?;
        files::write_secret(&folder.join(format!("{number}.svg")), drawn.as_bytes()).or_fault(todo)?;
    }
    Ok(())
}
