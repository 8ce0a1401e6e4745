//! Putting frames together, in whatever order and however often a camera sees them.

use super::frame::{Frame, FrameError, set_of};

/// Frames of one code, as far as they were seen. Holds one message at most, whatever it is shown.
#[derive(Default)]
pub struct Collector(Option<Set>);

struct Set {
    id: [u8; 8],
    length: usize,
    chunks: Vec<Option<Vec<u8>>>,
}

/// How far a [`Collector`] is.
#[derive(Clone, PartialEq, Eq)]
pub enum Collected {
    /// Some frames are missing.
    Part {
        /// So many are there.
        have: usize,
        /// Of so many.
        total: usize,
    },
    /// The message's bytes. The collector is empty again.
    Whole(Vec<u8>),
}

impl Collector {
    /// Takes what a camera saw, or a scanner typed. A frame that was seen before changes nothing.
    ///
    /// # Errors
    /// [`FrameError`]; what was collected before stays, but for [`FrameError::NotWhole`], after which reading begins anew.
    pub fn add(&mut self, text: &str) -> Result<Collected, FrameError> {
        let Frame { set, length, total, number, chunk } = Frame::read(text)?;
        let known = self.0.get_or_insert_with(|| Set { id: set, length, chunks: vec![None; total] });
        if known.id != set {
            return Err(FrameError::OtherCode);
        }
        if known.length != length || known.chunks.len() != total {
            return Err(FrameError::Contradicts);
        }
        match known.chunks.get_mut(number) {
            Some(Some(before)) if *before != chunk => return Err(FrameError::Contradicts),
            Some(place) => *place = Some(chunk),
            None => return Err(FrameError::Totals),
        }
        let have = known.chunks.iter().flatten().count();
        if have < total {
            return Ok(Collected::Part { have, total });
        }
        let whole: Vec<u8> = known.chunks.iter().flatten().flatten().copied().collect();
        self.0 = None;
        if set_of(&whole) == set { Ok(Collected::Whole(whole)) } else { Err(FrameError::NotWhole) }
    }

    /// The numbers of the frames still missing, from 0; none while nothing was seen.
    pub fn missing(&self) -> impl Iterator<Item = usize> + '_ {
        let chunks = self.0.iter().flat_map(|set| set.chunks.iter().enumerate());
        chunks.filter(|(_, chunk)| chunk.is_none()).map(|(number, _)| number)
    }

    /// Forgets what was seen: for when another code is shown.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

impl std::fmt::Debug for Collected {
    /// How much, and nothing of what: it is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Part { have, total } => write!(f, "Part({have} of {total})"),
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
        }
    }
}
