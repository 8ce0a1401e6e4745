//! The quiet pattern on a card: fine interlaced lines like those on security paper, drawn from the type's own colour.

use std::fmt::Write;

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 252.0;

/// An SVG background in `colour` (`#rrggbb`), the same for the same `seed` and different for different ones.
///
/// A colour of another form falls back to ink, so that text from a catalogue can never become markup.
pub fn pattern(colour: &str, seed: &str) -> String {
    let colour = Colour::parse(colour).unwrap_or(Colour { r: 0x1d, g: 0x3f, b: 0x4f });
    let mut dice = Dice::new(seed);
    let light = colour.scaled(1.15).behind_white();
    let deep = light.scaled(0.62);
    let id = dice.state & 0xffff_ffff;
    let mut out = format!(
        "<svg class=\"pattern\" viewBox=\"0 0 400 252\" preserveAspectRatio=\"xMidYMid slice\" aria-hidden=\"true\" \
         focusable=\"false\" xmlns=\"http://www.w3.org/2000/svg\"><defs><linearGradient id=\"p{id:x}\" x1=\"0\" y1=\"0\" x2=\"1\" y2=\"1\">\
         <stop offset=\"0\" stop-color=\"{}\"/><stop offset=\"1\" stop-color=\"{}\"/></linearGradient></defs>\
         <rect width=\"400\" height=\"252\" fill=\"url(#p{id:x})\"/><g fill=\"none\" stroke=\"#fff\" stroke-width=\".7\">",
        light.hex(),
        deep.hex(),
    );
    waves(&mut out, &mut dice);
    rosette(&mut out, &mut dice);
    out.push_str("</g>");
    gables(&mut out, &mut dice);
    out.push_str("</svg>");
    out
}

/// Bands of sine lines that drift against each other.
fn waves(out: &mut String, dice: &mut Dice) {
    let (amplitude, length) = (14.0 + 16.0 * dice.roll(), 170.0 + 120.0 * dice.roll());
    let drift = 0.10 + 0.12 * dice.roll();
    out.push_str("<g opacity=\".13\">");
    for line in 0..17 {
        let base = -10.0 + f64::from(line) * 17.0;
        let phase = f64::from(line) * drift * 6.0;
        let points = (0..=40).map(|step| {
            let x = WIDTH * f64::from(step) / 40.0;
            (x, base + amplitude * (x / length * std::f64::consts::TAU + phase).sin())
        });
        polyline(out, points);
    }
    out.push_str("</g>");
}

/// A guilloche rosette at the right edge.
fn rosette(out: &mut String, dice: &mut Dice) {
    let petals = 5.0 + (dice.roll() * 6.0).floor();
    let (x, y) = (WIDTH * (0.78 + 0.10 * dice.roll()), HEIGHT * (0.40 + 0.2 * dice.roll()));
    out.push_str("<g opacity=\".22\">");
    for ring in 0..5 {
        let (radius, swing) = (34.0 + 15.0 * f64::from(ring), 9.0 + 4.0 * f64::from(ring));
        let turn = f64::from(ring) * 0.35;
        let points = (0..=96).map(|step| {
            let angle = std::f64::consts::TAU * f64::from(step) / 96.0;
            let r = radius + swing * (petals * angle + turn).cos();
            (x + r * angle.cos(), y + r * angle.sin())
        });
        polyline(out, points);
    }
    out.push_str("</g>");
}

/// The stepped gables of Huizhou houses along the lower edge.
fn gables(out: &mut String, dice: &mut Dice) {
    let mut x = -30.0 - 40.0 * dice.roll();
    out.push_str("<path fill=\"#fff\" opacity=\".08\" d=\"");
    while x < WIDTH + 40.0 {
        let levels = 2 + u32::from(dice.roll() > 0.4);
        let (step, rise) = (16.0 + 8.0 * dice.roll(), 9.0 + 4.0 * dice.roll());
        x = gable(out, x, levels, step, rise) + 6.0 + 22.0 * dice.roll();
    }
    out.push_str("\"/>");
}

/// One wall from its left foot up its steps, each under an eave that stands out, and down again; returns its right foot.
fn gable(out: &mut String, left: f64, levels: u32, step: f64, rise: f64) -> f64 {
    let height = |level: u32| HEIGHT - 14.0 - rise * f64::from(level);
    _ = write!(out, "M{left:.0} {HEIGHT}");
    for level in 0..levels {
        _ = write!(out, "V{:.0}h-3v-3h{:.0}", height(level) + 3.0, step + 3.0);
    }
    _ = write!(out, "V{:.0}h-3v-3h{:.0}v3h-3", height(levels) + 3.0, step * 1.6 + 6.0);
    for level in (0..levels).rev() {
        _ = write!(out, "V{:.0}h{:.0}v3h-3", height(level), step + 3.0);
    }
    out.push_str("V252z");
    left + step * (2.0 * f64::from(levels) + 1.6)
}

fn polyline(out: &mut String, points: impl Iterator<Item = (f64, f64)>) {
    out.push_str("<path d=\"");
    for (index, (x, y)) in points.enumerate() {
        // Writing into a String can't fail.
        _ = write!(out, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    out.push_str("\"/>");
}

#[derive(Clone, Copy)]
struct Colour {
    r: u8,
    g: u8,
    b: u8,
}

impl Colour {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self { r: part(0)?, g: part(2)?, b: part(4)? })
    }

    fn scaled(self, by: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a byte just before"
        )]
        let scale = |part: u8| (f64::from(part) * by).round().clamp(0.0, 255.0) as u8;
        Self { r: scale(self.r), g: scale(self.g), b: scale(self.b) }
    }

    /// The colour itself, or as much darker as white text on it needs (contrast 4.8, above WCAG's AA).
    fn behind_white(self) -> Self {
        let mut colour = self;
        while 1.05 / (colour.luminance() + 0.05) < 4.8 {
            colour = colour.scaled(0.94);
        }
        colour
    }

    /// Relative luminance (WCAG 2.2), 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.r) + 0.7152 * linear(self.g) + 0.0722 * linear(self.b)
    }

    fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }
}

/// A small deterministic generator (FNV-1a, then xorshift): drawings, not secrets.
struct Dice {
    state: u64,
}

impl Dice {
    fn new(seed: &str) -> Self {
        let hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self { state: hash | 1 }
    }

    /// From 0 up to but not including 1.
    fn roll(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        f64::from(u32::try_from(self.state >> 40).unwrap_or_default()) / f64::from(1u32 << 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_draws_another() {
        assert_eq!(pattern("#1f6b4f", "a"), pattern("#1f6b4f", "a"));
        assert_ne!(pattern("#1f6b4f", "a"), pattern("#1f6b4f", "b"));
    }

    #[test]
    fn white_text_can_be_read_on_any_colour() {
        for colour in ["#ffffff", "#ffd400", "#7fd1c7", "#000000"] {
            let colour = Colour::parse(colour).expect("a colour").scaled(1.15).behind_white();
            assert!(1.05 / (colour.luminance() + 0.05) >= 4.8);
        }
    }

    #[test]
    fn a_colour_can_not_smuggle_markup() {
        let svg = pattern("\"/><script>", "x");
        assert!(!svg.contains("script"));
        assert!(pattern("#ééé", "x").contains("<svg"));
    }
}
