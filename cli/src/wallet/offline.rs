//! Showing cards with no network: a counter's code is read from pictures or texts, the answer is drawn on the terminal.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use service::qr::{self, Robustness};
use wallet_core::{Choice, Collected, Collector, FrameSize, OfflineCode, Wallet};

use super::present;
use crate::fault::{Done, Fault, OrFault};
use crate::phone::scan;
use crate::term::{self, Ink, Paint};

/// Pictures and texts of codes that are read, in bytes.
const MOST: u64 = 16 << 20;
/// How long each frame is shown.
const EACH: Duration = Duration::from_millis(400);

/// Reads the counter's code, asks, and shows the answer.
pub(super) async fn run(wallet: &Wallet, codes: &[PathBuf], yes: bool, print: bool) -> Done {
    let message = collect(codes)?;
    let request = wallet.review_offline(&message).await.map_err(|error| present::refused(&error))?;
    let choice = present::agreed(wallet, &request, yes).await?;
    let Some(choice) = choice else { return Ok(()) };
    let code = make(wallet, &request.id, &choice).await?;
    if print {
        // For another program to draw.
        term::say(code.frames.iter().map(|frame| format!("{frame}\n")).collect::<String>());
        return Ok(());
    }
    show(&code)
}

async fn make(wallet: &Wallet, request: &str, choice: &Choice) -> Done<OfflineCode> {
    let code = wallet.present_offline(request, choice, FrameSize::CAMERA_720P).await;
    code.map_err(|error| present::not_presented(&error))
}

/// The message in a code of one part or several, in any order: each file is a picture, or has a frame on each line.
fn collect(codes: &[PathBuf]) -> Done<Vec<u8>> {
    let mut collector = Collector::default();
    let mut seen = None;
    for path in codes {
        for frame in frames(path)? {
            match collector.add(&frame) {
                Ok(Collected::Whole(message)) => return Ok(message),
                Ok(Collected::Part { have, total }) => seen = Some((have, total)),
                Err(error) => {
                    return Err(Fault::new(
                        format!("{}: {error}", path.display()),
                        "take pictures of one code only",
                    ));
                }
            }
        }
    }
    let what = seen.map_or_else(
        || "there is no part of a counter's code in this".to_owned(),
        |(have, total)| format!("{have} of the code's {total} parts are here"),
    );
    Err(Fault::new(what, "give a picture of every part, or of a longer while"))
}

fn frames(path: &Path) -> Done<Vec<String>> {
    let there = "name a picture of the counter's code, or a file of its texts";
    if std::fs::metadata(path).or_fault(there)?.len() > MOST {
        return Err(Fault::new(format!("{} is too large", path.display()), there));
    }
    let bytes = std::fs::read(path).or_fault(there)?;
    if let Ok(text) = std::str::from_utf8(&bytes) {
        return Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect());
    }
    Ok(vec![scan::read(&bytes).or_fault(there)?])
}

/// Draws the parts one after the other until a key is pressed; all of them where nobody watches.
fn show(code: &OfflineCode) -> Done {
    let paint = Paint::stdout();
    let drawn: Vec<String> = code
        .frames
        .iter()
        .map(|frame| qr::terminal(frame, Robustness::Near))
        .collect::<Result<_, _>>()
        .or_fault("this build is broken; report it")?;
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
