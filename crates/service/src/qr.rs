//! QR codes as SVG: black on white in either theme, with the quiet zone scanners need.

use std::fmt::Write;

use qrcode::types::QrError as Inner;
use qrcode::{Color, EcLevel, QrCode};

/// How much of a code may be unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Robustness {
    /// Screen to camera at arm's length: about 7 percent (level L), so that long content stays coarse.
    Near,
    /// About 15 percent (level M).
    #[default]
    Usual,
    /// Printed, or across a counter: about 25 percent (level Q).
    Far,
}

/// The text doesn't fit into a QR code (about 2.9 kB at [`Robustness::Near`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is too long for one QR code; show the link instead")]
pub struct TooLong;

const QUIET: usize = 4;

/// Draws `text` as a square SVG that scales to its place. `label` is read out by screen readers.
pub fn svg(text: &str, robustness: Robustness, label: &str) -> Result<String, TooLong> {
    let modules = Modules::of(text, robustness)?;
    let side = modules.width + 2 * QUIET;
    let mut path = String::with_capacity(modules.dark.len() * 6);
    for y in 0..modules.width {
        let mut x = 0;
        while x < modules.width {
            let run = (x..modules.width).take_while(|at| modules.is_dark(*at, y)).count();
            if run > 0 {
                // Writing into a String can't fail.
                _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    let label = maud::html! { (label) }.into_string();
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\" xmlns=\"http://www.w3.org/2000/svg\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// Draws `text` with half-block characters for a terminal, dark on light.
pub fn terminal(text: &str, robustness: Robustness) -> Result<String, TooLong> {
    let modules = Modules::of(text, robustness)?;
    let quiet = 2i64;
    let width = modules.width as i64;
    let dark = |x: i64, y: i64| {
        (0..width).contains(&x) && (0..width).contains(&y) && modules.is_dark(x as usize, y as usize)
    };
    let mut out = String::new();
    for y in (-quiet..width + quiet).step_by(2) {
        for x in -quiet..width + quiet {
            // A light module is drawn: terminals are mostly dark.
            out.push(match (dark(x, y), dark(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        out.push('\n');
    }
    Ok(out)
}

struct Modules {
    width: usize,
    dark: Vec<bool>,
}

impl Modules {
    fn of(text: &str, robustness: Robustness) -> Result<Self, TooLong> {
        let level = match robustness {
            Robustness::Near => EcLevel::L,
            Robustness::Usual => EcLevel::M,
            Robustness::Far => EcLevel::Q,
        };
        let code = QrCode::with_error_correction_level(text, level).map_err(|_: Inner| TooLong)?;
        Ok(Self {
            width: code.width(),
            dark: code.to_colors().into_iter().map(|color| color == Color::Dark).collect(),
        })
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark.get(y * self.width + x).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_quiet_zone_and_an_escaped_label() {
        let svg = svg("https://example.test/offer", Robustness::Usual, "a \"code\"").expect("fits");
        assert!(svg.contains("viewBox=\"0 0 37 37\"") || svg.contains("viewBox=\"0 0 33 33\""), "{svg}");
        assert!(svg.contains("aria-label=\"a &quot;code&quot;\""));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(svg(&"x".repeat(3000), Robustness::Near, ""), Err(TooLong));
        assert_eq!(terminal(&"x".repeat(3000), Robustness::Far), Err(TooLong));
    }
}
