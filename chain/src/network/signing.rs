//! Votes and proposals signed and checked. A precommit signs exactly what [`registry::vote_bytes`] says, so Malachite's
//! commit certificate is a [`registry::Certificate`] under another name.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use malachite_signing::{Error, Signer, VerificationResult, Verifier};
use malachite_types::{
    NilOrVal, SignedExtension, SignedMessage, SignedProposal, SignedVote, ValidatorProof, VoteExtensionScope,
};
use registry::build::TxSigner;
use registry::{Ed25519Key, Hash32, VoteKind, vote_bytes};

use crate::network::context::{Chain, Height, Proposal, Signature, Vote};
use crate::network::quiet::Gate;

/// Checks what other validators signed.
pub(super) struct Checks {
    pub(super) chain_id: Hash32,
}

/// Signs for this validator.
pub(super) struct Signs {
    pub(super) chain_id: Hash32,
    pub(super) signer: Arc<dyn TxSigner>,
    /// What it may sign votes for.
    pub(super) gate: Gate,
}

fn vote_message(chain_id: &Hash32, vote: &Vote) -> Vec<u8> {
    let kind = if vote.is_prevote { VoteKind::Prevote } else { VoteKind::Precommit };
    let block = match &vote.value {
        NilOrVal::Nil => None,
        NilOrVal::Val(block) => Some(&block.0),
    };
    vote_bytes(kind, chain_id, vote.height.0, vote.round.as_u32().unwrap_or(u32::MAX), block)
}

fn proposal_message(chain_id: &Hash32, proposal: &Proposal) -> Vec<u8> {
    let mut bytes = b"huizheng/proposal/1\0".to_vec();
    bytes.extend_from_slice(&chain_id.0);
    bytes.extend_from_slice(&proposal.height.0.to_be_bytes());
    bytes.extend_from_slice(&proposal.round.as_i64().to_be_bytes());
    bytes.extend_from_slice(&proposal.pol_round.as_i64().to_be_bytes());
    bytes.extend_from_slice(&proposal.value.0.0);
    bytes
}

type Verdict = Result<VerificationResult, Error>;

fn verdict(holds: bool) -> Verdict {
    Ok(VerificationResult::from_bool(holds))
}

#[async_trait]
impl Verifier<Chain> for Checks {
    async fn verify_signed_vote(&self, vote: &Vote, signature: &Signature, key: &Ed25519Key) -> Verdict {
        verdict(key.verifies(&vote_message(&self.chain_id, vote), &signature.0))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &Ed25519Key,
    ) -> Verdict {
        verdict(key.verifies(&proposal_message(&self.chain_id, proposal), &signature.0))
    }

    /// There are no vote extensions on this chain.
    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<Chain>,
        _: &Bytes,
        _: &Signature,
        _: &Ed25519Key,
    ) -> Verdict {
        verdict(false)
    }

    async fn verify_validator_proof(&self, proof: &ValidatorProof<Chain>) -> Verdict {
        let key = proof.decoded_public_key().map_err(Error::from_source)?;
        verdict(key.verifies(&proof.preimage(), &proof.signature.0))
    }
}

impl Signs {
    /// Consensus ends with an error rather than contradict a vote that was cast before.
    fn may_sign_at(&self, height: Height) -> Result<(), Error> {
        if self.gate.is_open(height.0) {
            return Ok(());
        }
        tracing::error!(%height, "consensus asked for a vote that could contradict an earlier one");
        Err(Error::from_source(std::io::Error::other("this validator does not vote at this height")))
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        self.signer.sign(message).map(Signature).map_err(Error::from_source)
    }
}

#[async_trait]
impl Signer<Chain> for Signs {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedVote<Chain>, Error> {
        self.may_sign_at(vote.height)?;
        let signature = self.sign(&vote_message(&self.chain_id, &vote))?;
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedProposal<Chain>, Error> {
        self.may_sign_at(proposal.height)?;
        let signature = self.sign(&proposal_message(&self.chain_id, &proposal))?;
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<Chain>,
        _: Bytes,
    ) -> Result<SignedExtension<Chain>, Error> {
        Err(Error::from_source(std::io::Error::other("there are no vote extensions on this chain")))
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<Chain>, Error> {
        let signature = self.sign(&ValidatorProof::<Chain>::signing_bytes(&public_key, &peer_id))?;
        Ok(ValidatorProof::new(public_key, peer_id, signature))
    }
}
