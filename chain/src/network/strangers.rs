//! A peer that is no validator, reaches all of them over their own protocol, and abuses it: bytes that mean nothing,
//! bytes without end, blocks and votes in others' names, transactions that nobody signed, heights that are not.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use malachite_app::app::metrics::SharedRegistry;
use malachite_app::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachite_app::app::types::PeerId;
use malachite_app::app::types::codec::Codec;
use malachite_consensus::{LivenessMsg, SignedConsensusMsg};
use malachite_network::handle::CtrlHandle;
use malachite_network::{
    Channel, ChannelNames, Config, DiscoveryConfig, Event, GossipSubConfig, NetworkIdentity, ProtocolNames,
    PubSubMaxSizePerTopic, PubSubProtocol, TransportProtocol,
};
use malachite_sync::{RawMessage, Status};
use malachite_types::{
    NilOrVal, PolkaCertificate, PolkaSignature, Round, RoundCertificate, RoundCertificateType,
    RoundSignature, SignedMessage, VoteType,
};
use registry::build::TxSigner;
use registry::{Hash32, Transaction};

use crate::network::codec::Borsh;
use crate::network::context::{Address, BlockId, Chain, Height, Proposal, Signature, Vote};
use crate::network::flaws::{Four, create, genesis, signer};
use crate::network::part::{Part, ProposedBlock};
use crate::network::settings::keypair;

/// The stranger's network key.
const STRANGER: u8 = 200;

struct Stranger {
    shouts: Arc<CtrlHandle>,
    id: PeerId,
    streams: u64,
}

impl Stranger {
    /// Connects to these addresses.
    async fn reaches(addresses: Vec<String>) -> Self {
        let own = testkit::free_ports(1);
        let count = addresses.len();
        let config = Config {
            listen_addr: format!("/ip4/127.0.0.1/tcp/{own}").parse().unwrap(),
            persistent_peers: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            persistent_peers_only: false,
            discovery: DiscoveryConfig { enabled: false, ..DiscoveryConfig::default() },
            idle_connection_timeout: Duration::from_secs(900),
            transport: TransportProtocol::Tcp,
            gossipsub: GossipSubConfig::default(),
            pubsub_protocol: PubSubProtocol::Broadcast,
            channel_names: ChannelNames::default(),
            // What it sends, nobody bounds but those who receive it.
            rpc_max_size: 256 * 1024 * 1024,
            pubsub_max_size: 256 * 1024 * 1024,
            pubsub_max_size_per_topic: PubSubMaxSizePerTopic::default(),
            sync_request_timeout: Duration::from_secs(5),
            sync_max_request_size: 1024 * 1024,
            sync_parallel_requests: 100,
            enable_consensus: true,
            enable_sync: true,
            protocol_names: ProtocolNames::default(),
        };
        let keypair = keypair(&signer(STRANGER)).unwrap();
        let identity = NetworkIdentity::new("stranger".into(), keypair, None);
        let metrics = SharedRegistry::global().with_moniker("stranger");
        let network = malachite_network::spawn(identity, config, metrics).await.unwrap();
        let id = network.peer_id();
        let (mut hears, shouts) = network.split();
        let shouts = Arc::new(shouts);
        let (connected, mut peers) = tokio::sync::mpsc::channel(64);
        let answers = Arc::clone(&shouts);
        tokio::spawn(async move {
            while let Some(event) = hears.recv().await {
                match event {
                    Event::PeerConnected(peer) => drop(connected.try_send(peer)),
                    // Whoever believes its height and asks for blocks gets something else.
                    Event::Sync(RawMessage::Request { request_id, .. }) => {
                        drop(answers.sync_reply(request_id, vec![7; 100_000].into()).await);
                    }
                    _ => {}
                }
            }
        });
        let mut reached = std::collections::BTreeSet::new();
        while reached.len() < count {
            let peer = tokio::time::timeout(Duration::from_secs(60), peers.recv()).await;
            reached.insert(peer.unwrap().unwrap());
        }
        // The others' subscriptions follow their connections.
        tokio::time::sleep(Duration::from_millis(500)).await;
        Self { shouts, id, streams: 0 }
    }

    async fn shouts(&self, channel: Channel, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        match channel {
            Channel::Sync => self.shouts.broadcast(channel, bytes).await.unwrap(),
            _ => self.shouts.publish(channel, bytes).await.unwrap(),
        }
    }

    async fn sends(&mut self, part: Part) {
        self.streams += 1;
        let stream = StreamId::new(self.streams.to_be_bytes().to_vec().into());
        let message = StreamMessage::new(stream, 0, StreamContent::Data(part));
        self.shouts(Channel::ProposalParts, Borsh.encode(&message).unwrap()).await;
    }

    async fn votes(&self, message: SignedConsensusMsg<Chain>) {
        self.shouts(Channel::Consensus, Borsh.encode(&message).unwrap()).await;
    }
}

/// A vote in a validator's name that it never cast.
fn forged_vote(voter: u8, height: u64, round: u32, is_prevote: bool) -> SignedConsensusMsg<Chain> {
    let voter = Address::of(&signer(voter).public_key());
    let value = NilOrVal::Val(BlockId(Hash32([6; 32])));
    let vote = Vote { is_prevote, height: Height(height), round: Round::new(round), value, voter };
    SignedConsensusMsg::Vote(SignedMessage::new(vote, Signature([3; 64])))
}

/// A block in a validator's name that it never proposed.
fn forged_block(proposer: u8, height: u64, round: u32, block: Vec<u8>) -> Part {
    let proposer = Address::of(&signer(proposer).public_key());
    let (height, round) = (Height(height), Round::new(round));
    let signature = Signature([4; 64]);
    Part::Block(ProposedBlock { height, round, valid_round: Round::Nil, proposer, block, signature })
}

fn forged_transactions(count: usize) -> Vec<Transaction> {
    let mut forged = create(210);
    forged.signatures[0].signature[5] ^= 1;
    (0..count as u64).map(|nonce| Transaction { nonce, ..forged.clone() }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_stops_nobody_and_is_believed_nothing() {
    let four = Four::running(false).await;
    let mut organisations = 100..;
    let mut submit = async |what: &str| {
        for node in 0..4 {
            let n = organisations.next().unwrap();
            let done = tokio::time::timeout(Duration::from_secs(120), four.submit(node, create(n))).await;
            assert!(done.is_ok(), "{what}: nothing is decided any more");
        }
    };
    submit("before").await;
    let mut stranger = Stranger::reaches((0..4).map(|n| four.address(n)).collect()).await;
    // Whatever it says is heard: a sound transaction may come from anyone.
    stranger.sends(Part::Transactions(vec![create(220)])).await;
    four.has(&create(220)).await;

    for channel in Channel::all() {
        for length in [0, 1, 40, 5_000, 3_000_000] {
            stranger.shouts(*channel, vec![0xa5; length]).await;
        }
    }
    submit("bytes that mean nothing").await;

    let next = four.height() + 1;
    for (height, round) in [(next, 0), (next, u32::MAX), (next + 1, 0), (next + 7, 3), (u64::MAX, 0), (0, 0)]
    {
        for validator in 1..=4 {
            stranger.sends(forged_block(validator, height, round, vec![9; 1000])).await;
            for is_prevote in [true, false] {
                stranger.votes(forged_vote(validator, height, round, is_prevote)).await;
            }
        }
        // In its own name, well signed: it is no validator.
        let own = signer(STRANGER);
        let proposer = Address::of(&own.public_key());
        let (height, round) = (Height(height), Round::new(round));
        let block = vec![9; 1000];
        let chain_id = genesis().chain_id();
        let bytes = ProposedBlock::signing_bytes(&chain_id, height, (round, Round::Nil), &block);
        let signature = Signature(own.sign(&bytes).unwrap());
        let valid_round = Round::Nil;
        let proposed = ProposedBlock { height, round, valid_round, proposer, block, signature };
        stranger.sends(Part::Block(proposed)).await;
        let value = BlockId(Hash32([8; 32]));
        let proposal = Proposal { height, round, value, pol_round: Round::Nil, proposer };
        stranger.votes(SignedConsensusMsg::Proposal(SignedMessage::new(proposal, signature))).await;
    }
    submit("blocks and votes in others' names").await;

    let next = four.height() + 1;
    let voters = || (1..=4).map(|n| Address::of(&signer(n).public_key()));
    let polka = LivenessMsg::PolkaCertificate(PolkaCertificate {
        height: Height(next),
        round: Round::new(9),
        value_id: BlockId(Hash32([8; 32])),
        polka_signatures: voters().map(|a| PolkaSignature::new(a, Signature([1; 64]))).collect(),
    });
    let skip = LivenessMsg::SkipRoundCertificate(RoundCertificate {
        height: Height(next),
        round: Round::new(1_000_000),
        cert_type: RoundCertificateType::Skip,
        round_signatures: voters()
            .map(|a| RoundSignature::new(VoteType::Precommit, NilOrVal::Nil, a, Signature([1; 64])))
            .collect(),
    });
    for message in [polka, skip] {
        let message: LivenessMsg<Chain> = message;
        stranger.shouts(Channel::Liveness, Borsh.encode(&message).unwrap()).await;
    }
    submit("certificates that nobody signed").await;

    stranger.sends(Part::Transactions(vec![create(221)])).await;
    four.has(&create(221)).await;
    for _ in 0..20 {
        stranger.sends(Part::Transactions(forged_transactions(5_000))).await;
    }
    stranger.sends(Part::Transactions(vec![create(222)])).await;
    submit("transactions that nobody signed").await;

    for tip_height in [Height(four.height() + 1_000), Height(u64::MAX)] {
        let status: Status<Chain> =
            Status { peer_id: stranger.id, tip_height, history_min_height: Height(1) };
        stranger.shouts(Channel::Sync, Borsh.encode(&status).unwrap()).await;
        submit("a height that is not").await;
    }

    // Longer than a message may be: the last word, since whoever hears it hangs up.
    for channel in Channel::all() {
        stranger.shouts(*channel, vec![0xa5; 32 * 1024 * 1024]).await;
    }
    submit("bytes without end").await;
    four.agree().await;
    assert!(!four.knows(&create(222)), "who sends what nobody signed is not listened to");
}
