//! Damaged bytes for fuzzing, the same for the same name.

/// SplitMix64: repeatable, and good enough to choose bytes by.
pub struct Dice(u64);

impl Dice {
    /// Dice of this name: they always fall the same.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.bytes().map(u64::from).sum())
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below the limit; 0 for a limit of 0.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit.max(1) as u64).unwrap_or(0)
    }

    /// One of the seeds after one to eight small changes: bits, bytes, lengths, pieces moved or taken from another seed.
    pub fn damage(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(40)).min(bytes.len());
            match self.below(8) {
                0 | 1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                3 => bytes.insert(at, self.roll().to_le_bytes()[0]),
                4 => drop(bytes.drain(at..end)),
                5 => bytes.truncate(at),
                6 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len() + 1);
                    drop(bytes.splice(to..to, piece));
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    let piece = other[from..(from + 64).min(other.len())].to_vec();
                    drop(bytes.splice(at..end, piece));
                }
            }
        }
        bytes
    }
}

/// How many rounds a door sees: `short`, or `long` with `HUIZHENG_LONG=1`.
#[must_use]
pub fn rounds(short: u64, long: u64) -> u64 {
    if std::env::var_os("HUIZHENG_LONG").is_some() { long } else { short }
}
