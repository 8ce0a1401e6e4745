//! What every operation of an unlocked wallet works with.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use credentials::{UnixSeconds, catalogue::Catalogue};
use registry::{Proven, RecordKey, UnixMillis};

use crate::{
    card::{self, CardState, Face},
    chain::{Chain, ChainError},
    faces,
    index::Index,
    ports::Ports,
    present::LinkPolicy,
    receive::{Shown, UnderWay},
    vault::{PinCost, Vault, VaultError},
    web::Web,
};

pub(crate) struct Context {
    pub(crate) ports: Ports,
    pub(crate) web: Web,
    pub(crate) chain: Chain,
    pub(crate) vault: Vault,
    pub(crate) index: Index,
    pub(crate) under_way: UnderWay,
    pub(crate) shown: Arc<Shown>,
    pub(crate) catalogue: &'static Catalogue,
    pub(crate) stale: Duration,
    /// The wallet's folder.
    pub(crate) path: PathBuf,
    pub(crate) pin_cost: PinCost,
    pub(crate) shows_confirmations: bool,
    pub(crate) links: LinkPolicy,
}

impl Context {
    pub(crate) fn now(&self) -> UnixMillis {
        self.chain.now()
    }

    pub(crate) fn seconds(&self) -> UnixSeconds {
        UnixSeconds(self.now().seconds())
    }

    /// The face of a card; `None` if there is none of this id, or nothing of it can be read.
    pub(crate) fn face(&self, id: &str) -> Result<Option<Face>, VaultError> {
        faces::face(&self.vault, self.catalogue, id)
    }

    /// The faces of all cards with their ids, the newest first.
    pub(crate) fn faces(&self) -> Result<Vec<(String, Face)>, VaultError> {
        let mut faces = Vec::new();
        for id in self.index.find(&self.vault, |_, _| true)? {
            faces.extend(self.face(&id)?.map(|face| (id, face)));
        }
        Ok(faces)
    }

    /// How a card stands by the evidence in the vault.
    pub(crate) fn state(&self, face: &Face) -> Result<CardState, VaultError> {
        card::state(face, self.now(), self.stale, |key| self.chain.kept(&self.vault, key))
    }

    /// Fetches what beside the facts that every card needs says how these stand; nothing unless a key was compromised.
    async fn further_facts<'a>(&self, cards: impl IntoIterator<Item = &'a Face>) -> Result<(), ChainError> {
        let mut keys = Vec::new();
        for face in cards {
            keys.extend(card::further_facts_needed(face, |key| self.chain.kept(&self.vault, key))?);
        }
        sorted::sort(&mut keys);
        keys.dedup();
        if keys.is_empty() {
            return Ok(());
        }
        self.chain.facts(&self.vault, &keys).await.map(drop)
    }

    /// Fetches the newest evidence for those of these cards of which some is older than this, all of it if that is zero. Says how
    /// many cards those were.
    pub(crate) async fn refresh(&self, mut cards: Vec<&Face>, age: Duration) -> Result<usize, ChainError> {
        if !age.is_zero() {
            let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            let since = self.now().0.saturating_sub(age);
            let times = self.evidence_times(cards.iter().copied())?;
            let mut is_old = times.into_iter().map(|time| time.is_none_or(|time| time.0 <= since));
            cards.retain(|_| is_old.next().unwrap_or(true));
        }
        // In the order of the cards, so that what one card needs comes under one header where it can.
        let mut seen = BTreeSet::new();
        let keys = cards.iter().flat_map(|card| card::facts_needed(card));
        let keys: Vec<_> = keys.filter(|key| seen.insert(key.clone())).collect();
        self.chain.facts(&self.vault, &keys).await?;
        self.further_facts(cards.iter().copied()).await?;
        Ok(cards.len())
    }

    /// Forgets evidence from before this time of records that no card needs: of verifiers, and of issuers whose cards are gone. It
    /// tells whom the holder met.
    pub(crate) async fn forget_strangers(&self, before: UnixMillis) -> Result<(), VaultError> {
        let faces = self.faces()?;
        let needed = faces.iter().flat_map(|(_, face)| card::facts_that_count(face));
        self.chain.forget(&self.vault, &sorted::collect(needed), before).await
    }

    /// As [`Context::state`] for many cards: each record is read once.
    pub(crate) fn states<'a>(
        &self,
        cards: impl IntoIterator<Item = &'a Face, IntoIter: Clone>,
    ) -> Result<Vec<CardState>, VaultError> {
        let cards = cards.into_iter();
        let now = self.now();
        let known = self.facts_at_hand(cards.clone())?;
        // The few that a compromised key asks for beside.
        let mut further = BTreeMap::<RecordKey, Option<Proven>>::new();
        cards
            .map(|face| {
                card::state(face, now, self.stale, |key| {
                    if let Some(fact) = known.get(key) {
                        return Ok(Some(fact.clone()));
                    }
                    if let Some(fact) = further.get(key) {
                        return Ok(fact.clone());
                    }
                    let fact = self.chain.kept(&self.vault, key)?;
                    further.insert(key.clone(), fact.clone());
                    Ok(fact)
                })
            })
            .collect()
    }

    /// What is kept of the facts that these cards need.
    fn facts_at_hand<'a>(
        &self,
        cards: impl Iterator<Item = &'a Face>,
    ) -> Result<BTreeMap<RecordKey, Proven>, VaultError> {
        let keys: BTreeSet<RecordKey> = sorted::collect(cards.flat_map(card::facts_needed));
        self.chain.kept_all(&self.vault, keys)
    }

    /// The time of the oldest evidence of each card; `None` where some was never fetched.
    fn evidence_times<'a>(
        &self,
        cards: impl IntoIterator<Item = &'a Face, IntoIter: Clone>,
    ) -> Result<Vec<Option<UnixMillis>>, VaultError> {
        let cards = cards.into_iter();
        let known = self.facts_at_hand(cards.clone())?;
        let time = |key: RecordKey| known.get(&key).map(Proven::time);
        Ok(cards.map(|card| card::facts_needed(card).into_iter().map(time).min().flatten()).collect())
    }

    /// A generator seeded by the device, for what takes one.
    pub(crate) fn rng(&self) -> Result<rand_chacha::ChaCha20Rng, VaultError> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        self.ports.random.fill(seed.as_mut_slice())?;
        Ok(rand_core::SeedableRng::from_seed(*seed))
    }

    /// 16 random bytes in hexadecimal: an id that says nothing.
    pub(crate) fn new_id(&self) -> Result<String, VaultError> {
        let mut bytes = [0; 16];
        self.ports.random.fill(&mut bytes)?;
        Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
    }
}
