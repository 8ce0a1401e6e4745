//! What the terminal shows: quiet by default, colour only on a terminal, columns that line up in any script.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use crate::fault::{Done, OrFault};

/// A colour with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Names and headings.
    Strong,
    /// What matters less.
    Faint,
    /// It is well.
    Good,
    /// It is not.
    Bad,
    /// Take care.
    Unsure,
    /// Addresses.
    Link,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Unsure => "33",
            Self::Link => "36",
        }
    }
}

/// Paints text, or leaves it alone where nobody sees colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// For standard output: on a terminal without `NO_COLOR`.
    pub fn stdout() -> Self {
        Self { on: std::io::stdout().is_terminal() && wanted() }
    }

    /// For standard error.
    pub fn stderr() -> Self {
        Self { on: std::io::stderr().is_terminal() && wanted() }
    }

    /// Never.
    pub fn off() -> Self {
        Self { on: false }
    }

    /// The text in this ink.
    pub fn text(self, ink: Ink, text: impl Display) -> String {
        if self.on { format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code()) } else { text.to_string() }
    }
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none() && std::env::var("TERM").map_or(true, |term| term != "dumb")
}

/// How many columns a text takes: Chinese characters and full-width signs take two.
pub fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { usize::from(!c.is_control()) }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
}

/// The text filled up with spaces to this many columns.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// A text without control characters, so that what comes from outside can't move the cursor.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Rows under headings, each column as wide as its widest cell.
pub fn table(paint: Paint, headings: &[&str], rows: &[Vec<String>]) -> String {
    let widths = (0..headings.len()).map(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell));
        cells.chain(headings.get(column).map(|heading| width(heading))).max().unwrap_or(0)
    });
    let widths = widths.collect::<Vec<_>>();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).map(|(cell, columns)| pad(cell, *columns));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let headings = headings.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut out = paint.text(Ink::Faint, line(&headings)) + "\n";
    for row in rows {
        out += &line(row);
        out.push('\n');
    }
    out
}

/// Names and values, one a line, the values lined up.
pub fn pairs(paint: Paint, indent: usize, pairs: &[(&str, String)]) -> String {
    let columns = pairs.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| {
        format!("{}{}  {value}\n", " ".repeat(indent), paint.text(Ink::Faint, pad(name, columns)))
    };
    pairs.iter().map(line).collect()
}

/// Writes to standard output. Whoever reads it may have gone (`… | head`): then there is nobody to tell.
pub fn say(text: impl AsRef<str>) {
    _ = std::io::stdout().write_all(text.as_ref().as_bytes());
}

/// [`say`] with a line's end.
pub fn say_line(text: impl AsRef<str>) {
    say(format!("{}\n", text.as_ref()));
}

/// Asks on the terminal; only `y`, `yes` or `是` is a yes. Without a terminal to ask on, the answer is no.
pub fn ask(question: &str) -> Done<bool> {
    let answer = line(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是"))
}

/// Reads one line from standard input, after a prompt on standard error.
pub fn line(prompt: &str) -> Done<String> {
    eprint!("{prompt}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).or_fault("standard input can't be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_takes_two_columns() {
        assert_eq!(width("营业执照"), 8);
        assert_eq!(pad("链", 4), "链  ");
        let rows = [vec!["公安".to_owned(), "x".to_owned()], vec!["counter".to_owned(), "y".to_owned()]];
        assert_eq!(table(Paint::off(), &["who", "what"], &rows), "who      what\n公安     x\ncounter  y\n");
    }

    #[test]
    fn what_comes_from_outside_stays_on_its_line() {
        assert_eq!(plain("a\u{1b}[2Jb\n"), "a [2Jb ");
    }

    #[test]
    fn without_a_terminal_there_is_no_colour() {
        assert_eq!(Paint::off().text(Ink::Bad, "no"), "no");
        assert!(Paint { on: true }.text(Ink::Bad, "no").starts_with('\u{1b}'));
    }
}
