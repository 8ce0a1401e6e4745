//! The chain's own types as Malachite's `Context` wants them: what consensus is about.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use malachite_types::{Context, LinearTimeouts, NilOrVal, Round, SignedExtension, SigningScheme, VoteType};
use registry::{Ed25519Key, Hash32, Validator, ValidatorSet};

use crate::network::part::Part;

/// The chain, as consensus knows it.
#[derive(Debug, Clone)]
pub(super) struct Chain;

/// A block's height.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub(super) struct Height(pub(super) u64);

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl malachite_types::Height for Height {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// A validator's name: its consensus key.
#[derive(Clone, Copy, BorshSerialize, BorshDeserialize)]
pub(super) struct Address {
    pub(super) key: [u8; 32],
    /// Whether consensus asks about itself with it, see [`Members::without_own_votes`]. Two names differ by their keys only.
    #[borsh(skip)]
    is_own: bool,
}

impl Address {
    pub(super) fn of(key: &Ed25519Key) -> Self {
        Self { key: *key.as_bytes(), is_own: false }
    }

    /// The name that consensus is started with.
    pub(super) fn own(key: &Ed25519Key) -> Self {
        Self { is_own: true, ..Self::of(key) }
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Address {}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl malachite_types::Address for Address {}

/// What is decided: a block, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(super) struct BlockId(pub(super) Hash32);

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl malachite_types::Value for BlockId {
    type Id = Self;

    fn id(&self) -> Self {
        *self
    }
}

/// A signature's 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(super) struct Signature(pub(super) [u8; 64]);

/// Ed25519, checked as `registry` checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ed25519;

impl SigningScheme for Ed25519 {
    type DecodingError = &'static str;
    type Signature = Signature;
    type PublicKey = Ed25519Key;
    /// Never used: whoever signs is asked to, see [`registry::build::TxSigner`].
    type PrivateKey = ();

    fn decode_signature(bytes: &[u8]) -> Result<Signature, &'static str> {
        bytes.try_into().map(Signature).map_err(|_| "a signature has 64 bytes")
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<Ed25519Key, &'static str> {
        let bytes = bytes.try_into().map_err(|_| "a public key has 32 bytes")?;
        Ed25519Key::new(bytes).map_err(|_| "not a usable public key")
    }

    fn encode_public_key(key: &Ed25519Key) -> Vec<u8> {
        key.as_bytes().to_vec()
    }
}

/// A validator with its name beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    address: Address,
    validator: Validator,
}

impl malachite_types::Validator<Chain> for Member {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &Ed25519Key {
        &self.validator.key
    }

    fn voting_power(&self) -> u64 {
        self.validator.power
    }
}

/// The validators of a height, in the order that certificates refer to. Cloning shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members {
    all: Arc<[Member]>,
    is_quiet: bool,
}

impl From<&ValidatorSet> for Members {
    fn from(set: &ValidatorSet) -> Self {
        let members = set.as_slice().iter();
        let all = members.map(|v| Member { address: Address::of(&v.key), validator: v.clone() }).collect();
        Self { all, is_quiet: false }
    }
}

impl Members {
    /// The same, but to itself this validator is none of them: consensus follows then, and neither proposes nor votes. What this
    /// validator signed before counts as ever, in others' certificates too, since that names it by its plain name.
    pub(super) fn without_own_votes(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    /// Where a validator is in the set.
    pub(super) fn position(&self, address: &Address) -> Option<u8> {
        let at = self.all.iter().position(|member| member.address == *address)?;
        u8::try_from(at).ok()
    }

    /// Who is at a position.
    pub(super) fn at(&self, position: u8) -> Option<Address> {
        self.all.get(usize::from(position)).map(|member| member.address)
    }

    pub(super) fn key(&self, address: &Address) -> Option<&Ed25519Key> {
        self.all.iter().find(|member| member.address == *address).map(|member| &member.validator.key)
    }

    /// Who proposes: everyone in turn, and the next one in the next round.
    pub(super) fn proposer(&self, height: Height, round: Round) -> Option<&Member> {
        let turn = height.0.wrapping_add(u64::from(round.as_u32().unwrap_or(0)));
        let count = self.all.len() as u64;
        self.all.get(usize::try_from(turn.checked_rem(count)?).ok()?)
    }
}

impl malachite_types::ValidatorSet<Chain> for Members {
    fn count(&self) -> usize {
        self.all.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.all.iter().map(malachite_types::Validator::voting_power).sum()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Member> {
        if self.is_quiet && address.is_own {
            return None;
        }
        self.all.iter().find(|member| member.address == *address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.all.get(index)
    }
}

/// "I propose this block in this round."
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Proposal {
    pub(super) height: Height,
    pub(super) round: Round,
    pub(super) value: BlockId,
    pub(super) pol_round: Round,
    pub(super) proposer: Address,
}

impl malachite_types::Proposal<Chain> for Proposal {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &BlockId {
        &self.value
    }

    fn take_value(self) -> BlockId {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// A prevote or a precommit.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Vote {
    pub(super) is_prevote: bool,
    pub(super) height: Height,
    pub(super) round: Round,
    pub(super) value: NilOrVal<BlockId>,
    pub(super) voter: Address,
}

impl malachite_types::Vote<Chain> for Vote {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        if self.is_prevote { VoteType::Prevote } else { VoteType::Precommit }
    }

    fn validator_address(&self) -> &Address {
        &self.voter
    }

    fn extension(&self) -> Option<&SignedExtension<Chain>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Chain>> {
        None
    }

    fn extend(self, _: SignedExtension<Chain>) -> Self {
        self
    }
}

impl Context for Chain {
    type Address = Address;
    type Height = Height;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Member;
    type ValidatorSet = Members;
    type Timeouts = LinearTimeouts;
    type Value = BlockId;
    type Vote = Vote;
    type Extension = Bytes;
    type SigningScheme = Ed25519;

    #[expect(clippy::expect_used, reason = "consensus never starts a height without validators")]
    fn select_proposer<'a>(&self, set: &'a Members, height: Height, round: Round) -> &'a Member {
        set.proposer(height, round).expect("a validator set is never empty")
    }

    fn new_proposal(
        &self,
        height: Height,
        round: Round,
        value: BlockId,
        pol_round: Round,
        proposer: Address,
    ) -> Proposal {
        Proposal { height, round, value, pol_round, proposer }
    }

    fn new_prevote(&self, height: Height, round: Round, value: NilOrVal<BlockId>, voter: Address) -> Vote {
        Vote { is_prevote: true, height, round, value, voter }
    }

    fn new_precommit(&self, height: Height, round: Round, value: NilOrVal<BlockId>, voter: Address) -> Vote {
        Vote { is_prevote: false, height, round, value, voter }
    }
}
