//! The suite's generators (draft §4.1.1), which depend on nothing but their number: made once, then kept.

use std::sync::{Arc, Mutex, PoisonError};

use blstrs::{G1Affine, G1Projective};
use group::Curve;

use super::MAX_MESSAGES;
use super::hash::{WIDE, expand, tag};

/// `P1` of the suite (draft §7.2.2).
const P1: [u8; 48] = [
    0xa8, 0xce, 0x25, 0x61, 0x02, 0x84, 0x08, 0x21, 0xa3, 0xe9, 0x4e, 0xa9, 0x02, 0x5e, 0x46, 0x62, 0xb2,
    0x05, 0x76, 0x2f, 0x97, 0x76, 0xb3, 0xa7, 0x66, 0xc8, 0x72, 0xb9, 0x48, 0xf1, 0xfd, 0x22, 0x5e, 0x7c,
    0x59, 0x69, 0x85, 0x88, 0xe7, 0x0d, 0x11, 0x40, 0x6d, 0x16, 0x1b, 0x4e, 0x28, 0xc9,
];

/// A generator and its compressed form.
#[derive(Clone, Copy)]
pub(super) struct Generator {
    pub(super) point: G1Projective,
    pub(super) bytes: [u8; 48],
}

/// `Q_1`, `H_1`…, `H_n`.
pub(super) struct Generators {
    all: Arc<[Generator]>,
    messages: usize,
}

impl Generators {
    /// For so many messages; none for more than [`MAX_MESSAGES`].
    pub(super) fn of(messages: usize) -> Option<Self> {
        if messages > MAX_MESSAGES {
            return None;
        }
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Self { all: kept.at_least(messages + 1), messages })
    }

    pub(super) fn q1(&self) -> &Generator {
        &self.all[0]
    }

    pub(super) fn messages(&self) -> &[Generator] {
        &self.all[1..=self.messages]
    }
}

/// `P1`.
pub(super) fn p1() -> G1Projective {
    // A constant of the draft, on the curve; the fixtures would notice any other.
    G1Affine::from_compressed(&P1).unwrap_or_else(G1Affine::default).into()
}

static KEPT: Mutex<Kept> = Mutex::new(Kept { all: None, last: None });

/// Those made so far, at most [`MAX_MESSAGES`] + 1, and where their making stands.
struct Kept {
    all: Option<Arc<[Generator]>>,
    last: Option<[u8; WIDE]>,
}

impl Kept {
    fn at_least(&mut self, count: usize) -> Arc<[Generator]> {
        let made = self.all.as_deref().map_or(0, <[_]>::len);
        if let Some(all) = self.all.as_ref().filter(|_| made >= count) {
            return Arc::clone(all);
        }
        let (seed_tag, tag_of_points) = (tag(b"SIG_GENERATOR_SEED_"), tag(b"SIG_GENERATOR_DST_"));
        let mut all = self.all.as_deref().unwrap_or_default().to_vec();
        let mut last = self.last.unwrap_or_else(|| expand(&tag(b"MESSAGE_GENERATOR_SEED"), &seed_tag));
        for number in made + 1..=count {
            last = expand(&[last.as_slice(), &(number as u64).to_be_bytes()].concat(), &seed_tag);
            let point = G1Projective::hash_to_curve(&last, &tag_of_points, &[]);
            all.push(Generator { point, bytes: point.to_affine().to_compressed() });
        }
        let all: Arc<[Generator]> = all.into();
        self.last = Some(last);
        self.all = Some(Arc::clone(&all));
        all
    }
}
