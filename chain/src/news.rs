//! What the latest blocks changed: carried along with the tip, so that whoever follows it misses no block.

use std::sync::Arc;
use std::time::Duration;

use registry::{Hash32, Header, RecordKey};
use registry::{UnixMillis, api::events::BlockEvent};

/// How many blocks are remembered.
const BLOCKS: usize = 1024;
/// How many changed keys are remembered with them.
const KEYS: usize = 65_536;

/// What is worth telling of one block.
#[derive(Debug, Clone)]
pub struct BlockNews {
    /// Its height.
    pub height: u64,
    /// Its id.
    pub id: Hash32,
    /// Its time.
    pub time: UnixMillis,
    /// How many transactions it has.
    pub transactions: usize,
    /// The records it changed, in order of their keys.
    pub changed: Arc<[RecordKey]>,
    /// How long executing it took.
    pub execution: Duration,
    /// How long writing it took, until it was on the disk.
    pub writing: Duration,
}

impl BlockNews {
    /// What is told of a block with this header.
    #[must_use]
    pub fn new(header: &Header, transactions: usize, changed: impl IntoIterator<Item = RecordKey>) -> Self {
        Self {
            height: header.height,
            id: header.id(),
            time: header.time,
            transactions,
            changed: changed.into_iter().collect(),
            execution: Duration::ZERO,
            writing: Duration::ZERO,
        }
    }

    /// The same with how long the block took.
    #[must_use]
    pub fn took(self, execution: Duration, writing: Duration) -> Self {
        Self { execution, writing, ..self }
    }

    /// The event, with the changed keys that `wanted` lets through.
    #[must_use]
    pub fn event(&self, wanted: impl Fn(&RecordKey) -> bool) -> BlockEvent {
        let changed = self.changed.iter().filter(|key| wanted(key)).cloned().collect();
        let Self { height, id, time, transactions, .. } = *self;
        BlockEvent { height, id, time, transactions, changed }
    }
}

/// The latest blocks in a row, oldest first; bounded in blocks and in keys. A value: adding to one makes another that
/// shares the rest.
#[derive(Debug, Clone, Default)]
pub struct News(Arc<[Arc<BlockNews>]>);

impl News {
    /// These and one more.
    #[must_use]
    pub fn with(&self, next: BlockNews) -> Self {
        let mut keys = next.changed.len();
        let kept = self.0.iter().rev().take(BLOCKS - 1).take_while(|news| {
            keys += news.changed.len();
            keys <= KEYS
        });
        let first = self.0.len() - kept.count();
        let kept = self.0.iter().skip(first).cloned();
        Self(kept.chain([Arc::new(next)]).collect())
    }

    /// Every block above `height`, in order; none when one of them is no longer remembered.
    #[must_use]
    pub fn since(&self, height: u64) -> Option<&[Arc<BlockNews>]> {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return Some(&[]) };
        if height >= last.height {
            return Some(&[]);
        }
        let skipped = (height + 1).checked_sub(first.height)?;
        self.0.get(usize::try_from(skipped).ok()?..)
    }

    /// All that is remembered, oldest first.
    #[must_use]
    pub fn all(&self) -> &[Arc<BlockNews>] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use registry::Author;

    use super::*;

    fn block(height: u64, keys: usize) -> BlockNews {
        let zero = Hash32::ZERO;
        let header = Header {
            chain_id: zero,
            height,
            time: UnixMillis(height),
            previous: zero,
            tx_root: zero,
            state_root: zero,
            validators_hash: zero,
            next_validators_hash: zero,
        };
        BlockNews::new(&header, 0, vec![RecordKey::Nonce(Author::Governance); keys])
    }

    fn heights(news: Option<&[Arc<BlockNews>]>) -> Option<Vec<u64>> {
        Some(news?.iter().map(|news| news.height).collect())
    }

    #[test]
    fn what_came_since_is_told_whole_or_not_at_all() {
        let news = (5..9).fold(News::default(), |news, height| news.with(block(height, 1)));
        assert_eq!(heights(news.since(6)), Some(vec![7, 8]));
        assert_eq!(heights(news.since(4)), Some(vec![5, 6, 7, 8]));
        assert_eq!(heights(news.since(8)), Some(vec![]));
        assert_eq!(heights(news.since(90)), Some(vec![]));
        assert_eq!(heights(news.since(3)), None, "block 4 is not remembered");
        assert_eq!(heights(News::default().since(3)), Some(vec![]));
    }

    #[test]
    fn blocks_and_keys_are_bounded_and_the_newest_always_stays() {
        let many = (0..2000).fold(News::default(), |news, height| news.with(block(height, 0)));
        assert_eq!((many.all().len(), many.all()[0].height), (BLOCKS, 2000 - BLOCKS as u64));
        let heavy = (0..10).fold(News::default(), |news, height| news.with(block(height, KEYS / 2)));
        assert_eq!(heights(Some(heavy.all())), Some(vec![8, 9]));
        let beyond = heavy.with(block(10, KEYS + 1));
        assert_eq!(heights(Some(beyond.all())), Some(vec![10]));
    }
}
