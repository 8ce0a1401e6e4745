//! How consensus messages become bytes: borsh, decoded whole or not at all.

use std::io;

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use malachite_app::app::types::codec::{Codec, HasEncodedLen};
use malachite_consensus::{LivenessMsg, ProposedValue, SignedConsensusMsg};
use malachite_engine::util::streaming::StreamMessage;
use malachite_sync::{RawDecidedValue, Request, Response, Status, ValueResponse};
use malachite_types::{
    CommitCertificate, ExtendedCommitCertificate, ExtendedCommitSignature, PolkaCertificate, Round,
    ValidatorProof,
};

use crate::network::context::{Address, BlockId, Chain, Height, Members, Signature};
use crate::network::part::Part;

/// Borsh for every message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Borsh;

fn decode<T: BorshDeserialize>(bytes: &Bytes) -> io::Result<T> {
    T::try_from_slice(bytes)
}

fn encode(message: &impl BorshSerialize) -> io::Result<Bytes> {
    Ok(borsh::to_vec(message)?.into())
}

macro_rules! as_they_are {
    ($($message:ty),*) => {$(
        impl Codec<$message> for Borsh {
            type Error = io::Error;

            fn decode(&self, bytes: Bytes) -> io::Result<$message> {
                decode(&bytes)
            }

            fn encode(&self, message: &$message) -> io::Result<Bytes> {
                encode(message)
            }
        }
    )*};
}

as_they_are!(
    Part,
    StreamMessage<Part>,
    ProposedValue<Chain>,
    PolkaCertificate<Chain>,
    SignedConsensusMsg<Chain>,
    LivenessMsg<Chain>,
    Status<Chain>,
    Request<Chain>
);

impl Codec<ValidatorProof<Chain>> for Borsh {
    type Error = io::Error;

    fn decode(&self, bytes: Bytes) -> io::Result<ValidatorProof<Chain>> {
        let (key, peer, signature) = decode(&bytes)?;
        Ok(ValidatorProof::new(key, peer, signature))
    }

    fn encode(&self, proof: &ValidatorProof<Chain>) -> io::Result<Bytes> {
        encode(&(&proof.public_key, &proof.peer_id, &proof.signature))
    }
}

/// A certificate between nodes: by address, since the set it belongs to may not be known yet.
#[derive(BorshSerialize, BorshDeserialize)]
struct Commit {
    height: Height,
    round: u32,
    block: BlockId,
    signatures: Vec<(Address, Signature)>,
}

impl Commit {
    fn of(certificate: &ExtendedCommitCertificate<Chain>) -> Self {
        let signatures = certificate.commit_signatures.iter();
        Self {
            height: certificate.height,
            round: certificate.round.as_u32().unwrap_or(u32::MAX),
            block: certificate.value_id,
            signatures: signatures.map(|s| (s.address, s.signature)).collect(),
        }
    }

    fn into_certificate(self) -> ExtendedCommitCertificate<Chain> {
        let signatures = self.signatures.into_iter();
        ExtendedCommitCertificate {
            height: self.height,
            round: Round::new(self.round),
            value_id: self.block,
            commit_signatures: signatures
                .map(|(address, signature)| ExtendedCommitSignature::new(address, signature, None))
                .collect(),
        }
    }
}

impl Codec<Response<Chain>> for Borsh {
    type Error = io::Error;

    fn decode(&self, bytes: Bytes) -> io::Result<Response<Chain>> {
        let (start, values): (Height, Vec<(Vec<u8>, Commit)>) = decode(&bytes)?;
        let values = values.into_iter();
        let values = values.map(|(block, commit)| decided_value(block, commit.into_certificate())).collect();
        Ok(Response::ValueResponse(ValueResponse::new(start, values)))
    }

    fn encode(&self, response: &Response<Chain>) -> io::Result<Bytes> {
        let Response::ValueResponse(response) = response;
        let values = response.values.iter();
        let values: Vec<_> =
            values.map(|value| (value.value_bytes.to_vec(), Commit::of(&value.certificate))).collect();
        encode(&(response.start_height, values))
    }
}

impl HasEncodedLen<Response<Chain>> for Borsh {
    fn encoded_len(&self, response: &Response<Chain>) -> io::Result<usize> {
        let Response::ValueResponse(response) = response;
        let values = response.values.iter();
        let lengths = values.map(|value| {
            value.value_bytes.len() + 52 + value.certificate.commit_signatures.len() * (32 + 64)
        });
        Ok(12 + lengths.sum::<usize>())
    }
}

fn decided_value(block: Vec<u8>, certificate: ExtendedCommitCertificate<Chain>) -> RawDecidedValue<Chain> {
    RawDecidedValue::new(block.into(), certificate)
}

/// A decided block, as nodes that catch up are given it.
pub(super) fn served(
    block: &registry::CertifiedBlock,
    members: &Members,
) -> io::Result<RawDecidedValue<Chain>> {
    let certificate = &block.certificate;
    let signatures = certificate.signatures.iter().filter_map(|signed| {
        let address = members.at(signed.validator)?;
        Some(ExtendedCommitSignature::new(address, Signature(signed.signature), None))
    });
    let commit = ExtendedCommitCertificate {
        height: Height(certificate.height),
        round: Round::new(certificate.round),
        value_id: BlockId(certificate.block_id),
        commit_signatures: signatures.collect(),
    };
    Ok(decided_value(borsh::to_vec(&block.block)?, commit))
}

/// Malachite's certificate as the chain keeps it.
pub(super) fn certificate(commit: &CommitCertificate<Chain>, members: &Members) -> registry::Certificate {
    let signatures = commit.commit_signatures.iter().filter_map(|signed| {
        let validator = members.position(&signed.address)?;
        Some(registry::CertificateSignature { validator, signature: signed.signature.0 })
    });
    let mut signatures: Vec<_> = signatures.collect();
    signatures.sort_by_key(|signed| signed.validator);
    registry::Certificate {
        height: commit.height.0,
        round: commit.round.as_u32().unwrap_or(u32::MAX),
        block_id: commit.value_id.0,
        signatures,
    }
}
