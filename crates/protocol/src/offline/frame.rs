//! Bytes as the texts of one or several QR codes.
//!
//! ```text
//! "HZ1:" base45( set 8 | length 3 | total 1 | number 1 | chunk | check 4 ) "."
//! ```

use sha2::{Digest, Sha256};

use super::base45;

/// Frames of one code at most.
pub const MAX_FRAMES: usize = 64;
/// Bytes of one message at most.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// What a QR code of the largest version holds in its own alphabet.
const MAX_TEXT: usize = 4296;
const PREFIX: &str = "HZ1:";
/// Ends a frame, so that one whose last character is a space can be typed by a scanner that trims.
const END: char = '.';
const HEAD: usize = 8 + 3 + 1 + 1;
const CHECK: usize = 4;

/// How much one QR code holds: its capacity in characters of the QR alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSize(usize);

impl FrameSize {
    /// Version 27 with error correction L: 125 modules a side, 133 with its quiet zone. Where that fills 80 % of a 720p
    /// camera's height, a module is 4.3 pixels.
    pub const CAMERA_720P: Self = Self(2132);
    /// Version 15 with L: 77 modules, for small screens and poor cameras.
    pub const COARSE: Self = Self(758);

    /// A code that holds so many characters of the QR alphabet: 150 to 4,296, else the nearest of these.
    #[must_use]
    pub fn of_characters(characters: usize) -> Self {
        Self(characters.clamp(150, MAX_TEXT))
    }

    fn chunk(self) -> usize {
        // An odd byte takes two characters.
        let characters = self.0.saturating_sub(PREFIX.len() + END.len_utf8());
        (characters / 3 * 2 + characters % 3 / 2).saturating_sub(HEAD + CHECK)
    }
}

/// Why a message can't be shown: it is longer than [`MAX_PAYLOAD`], or than [`MAX_FRAMES`] frames of this size hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much for QR codes: {bytes} bytes")]
pub struct TooLarge {
    /// Of the message.
    pub bytes: usize,
}

/// Why what a camera saw is no frame, or not one of the code that is being read. Nothing of it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It is longer than any QR code holds.
    #[error("the text is longer than a QR code holds")]
    TooLong,
    /// It is some other QR code.
    #[error("this is another kind of QR code")]
    NotOurs,
    /// It has characters or lengths that base45 does not.
    #[error("the code is misread: it is not base45")]
    NotBase45,
    /// It is shorter or longer than it says.
    #[error("the code is cut short or has something added")]
    Length,
    /// Its check does not fit its content.
    #[error("the code is misread: its check is wrong")]
    Misread,
    /// It names impossible totals: no frames or more than [`MAX_FRAMES`], a number beyond the total, no bytes or more
    /// than [`MAX_PAYLOAD`], or more frames than its bytes fill.
    #[error("the code's totals are impossible")]
    Totals,
    /// It belongs to another code than the one being read.
    #[error("the code belongs to another set")]
    OtherCode,
    /// It contradicts a frame that was read before: it has the same number and other content, or other totals.
    #[error("the code contradicts one that was read before")]
    Contradicts,
    /// All frames are there, and together they are not what the set says. Reading begins anew.
    #[error("the codes don't fit together")]
    NotWhole,
}

/// One frame, taken apart. Checked in itself.
pub(super) struct Frame {
    pub(super) set: [u8; 8],
    pub(super) length: usize,
    pub(super) total: usize,
    pub(super) number: usize,
    pub(super) chunk: Vec<u8>,
}

/// Names a message, and is the check of all of it.
pub(super) fn set_of(payload: &[u8]) -> [u8; 8] {
    first(payload)
}

/// The texts of the QR codes that show a message, in their order: one, or an animation to go through again and again.
/// Each is in the QR alphabet, so encode it as alphanumeric.
///
/// # Errors
/// [`TooLarge`].
pub fn frames(payload: &[u8], size: FrameSize) -> Result<Vec<String>, TooLarge> {
    let too_large = TooLarge { bytes: payload.len() };
    if payload.is_empty() || payload.len() > MAX_PAYLOAD {
        return Err(too_large);
    }
    let total = payload.len().div_ceil(size.chunk());
    let count = u8::try_from(total).ok().filter(|_| total <= MAX_FRAMES).ok_or(too_large)?;
    // All alike, so that no code in an animation is denser than it must be.
    let chunks = payload.chunks(payload.len().div_ceil(total));
    let (set, length) = (set_of(payload), payload.len() as u32);
    let text = |(number, chunk): (u8, &[u8])| {
        let mut bytes = set.to_vec();
        bytes.extend(length.to_be_bytes().iter().skip(1));
        bytes.extend([count, number]);
        bytes.extend(chunk);
        bytes.extend(first::<CHECK>(&bytes));
        format!("{PREFIX}{}{END}", base45::encode(&bytes))
    };
    Ok((0..).zip(chunks).map(text).collect())
}

impl Frame {
    pub(super) fn read(text: &str) -> Result<Self, FrameError> {
        if text.len() > MAX_TEXT + 2 {
            return Err(FrameError::TooLong);
        }
        // A scanner that types ends with a new line, and knows nothing of case.
        let text = text.trim_matches(['\r', '\n', ' ']).to_ascii_uppercase();
        let inside = text.strip_prefix(PREFIX).ok_or(FrameError::NotOurs)?;
        let inside = inside.strip_suffix(END).ok_or(FrameError::Length)?;
        let bytes = base45::decode(inside).ok_or(FrameError::NotBase45)?;
        let (bytes, check) = bytes.split_last_chunk::<CHECK>().ok_or(FrameError::Length)?;
        if first::<CHECK>(bytes) != *check {
            return Err(FrameError::Misread);
        }
        let (set, rest) = bytes.split_first_chunk::<8>().ok_or(FrameError::Length)?;
        let ([a, b, c, total, number], chunk) = rest.split_first_chunk::<5>().ok_or(FrameError::Length)?;
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (total, number) = (usize::from(*total), usize::from(*number));
        if !(1..=MAX_FRAMES).contains(&total) || number >= total || !(1..=MAX_PAYLOAD).contains(&length) {
            return Err(FrameError::Totals);
        }
        let each = length.div_ceil(total);
        let before = each * (total - 1);
        if before >= length {
            return Err(FrameError::Totals);
        }
        let expected = if number + 1 == total { length - before } else { each };
        if chunk.len() != expected {
            return Err(FrameError::Length);
        }
        Ok(Self { set: *set, length, total, number, chunk: chunk.to_vec() })
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digest = Sha256::digest(bytes);
    std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default())
}
