//! Showing cards with no network: a counter's code is read from pictures or texts, the answer is drawn on the terminal.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use service::files;
use service::qr::{self, Robustness};
use wallet_core::{FrameSize, OfflineCode, Wallet};

use super::present;
use crate::fault::{Done, OrFault};
use crate::term::{self, Ink, Paint};
use crate::verify::codes;

/// How long each frame is shown.
const EACH: Duration = Duration::from_millis(400);
/// What to do about a code that can't be drawn.
const BROKEN: &str = "this build is broken; report it";

/// How the answer is shown.
pub(super) enum Shown {
    /// On this terminal.
    Here,
    /// As texts, for another program to draw.
    Printed,
    /// As pictures in a folder.
    Drawn(PathBuf),
}

/// Reads the counter's code, asks, and shows the answer.
pub(super) async fn run(wallet: &Wallet, files: &[PathBuf], yes: bool, shown: Shown) -> Done {
    let message = codes::message(&codes::read(files)?)?.to_bytes();
    let request = wallet.review_offline(&message).await.map_err(|error| present::refused(&error))?;
    let Some(choice) = present::agreed(wallet, &request, yes).await? else { return Ok(()) };
    let code = wallet.present_offline(&request.id, &choice, FrameSize::CAMERA_720P).await;
    let code = code.map_err(|error| present::not_presented(&error))?;
    match shown {
        Shown::Here => show(&code),
        Shown::Printed => {
            term::say(code.frames.iter().map(|frame| format!("{frame}\n")).collect::<String>());
            Ok(())
        }
        Shown::Drawn(folder) => draw(&code, &folder),
    }
}

/// A picture for each part, by its number.
fn draw(code: &OfflineCode, folder: &Path) -> Done {
    let todo = "name another folder with --svg";
    std::fs::create_dir_all(folder).or_fault(todo)?;
    for (number, frame) in code.frames.iter().enumerate() {
        let drawn = qr::svg(frame, Robustness::Near, "").or_fault(BROKEN)?;
        let file = folder.join(format!("{}.svg", number + 1));
        files::write_secret(&file, drawn.as_bytes()).or_fault(todo)?;
    }
    Ok(())
}

/// Draws the parts one after the other until a key is pressed; all of them where nobody watches.
fn show(code: &OfflineCode) -> Done {
    let paint = Paint::stdout();
    let drawn: Vec<String> = code
        .frames
        .iter()
        .map(|frame| qr::terminal(frame, Robustness::Near))
        .collect::<Result<_, _>>()
        .or_fault(BROKEN)?;
    let total = drawn.len();
    let caption = |number: usize| {
        let count = if total > 1 { format!("part {} of {total}; ", number + 1) } else { String::new() };
        paint.text(Ink::Faint, format!("  {count}hold it to the counter's camera, Enter ends it"))
    };
    if total == 1 || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        for (number, frame) in drawn.iter().enumerate() {
            term::say(frame);
            term::say_line(caption(number));
        }
        return Ok(());
    }
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // Whatever comes, it ends.
        _ = std::io::stdin().read_line(&mut line);
        _ = ended.send(());
    });
    let mut out = std::io::stdout();
    for number in (0..total).cycle() {
        let frame = drawn.get(number).map(String::as_str).unwrap_or_default();
        writeln!(out, "\u{1b}[H\u{1b}[2J{frame}{}", caption(number)).or_fault("")?;
        out.flush().or_fault("")?;
        if end.recv_timeout(EACH) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            break;
        }
    }
    Ok(())
}
