//! Snapshots: whoever serves one, reading ends with the state that was signed or with the flaw's name.

use std::time::Duration;

use crate::hand_over;
use crate::world::World;
use registry::snapshot::{
    MAX_CHUNK_BYTES, MAX_CHUNKS, Manifest, SnapshotError, SnapshotReader, SnapshotWriter,
};
use registry::{
    CertificateError, HandOver, HandOverError, Hash32, Record, State, StatusChunk, StatusListId, UnixMillis,
};

const MAX_AGE: Duration = Duration::from_secs(86_400);

struct Taken {
    world: World,
    manifest: Manifest,
    chunks: Vec<Vec<u8>>,
}

fn written(state: &State, world: &World, hand_overs: Vec<HandOver>) -> (Manifest, Vec<Vec<u8>>) {
    let mut writer = SnapshotWriter::new(state);
    let chunks: Vec<_> = writer.by_ref().collect();
    let certificate = world.certificate(&[0, 1, 2, 3]).trimmed(&world.validators);
    (writer.finish(world.head.clone(), certificate, hand_overs).unwrap(), chunks)
}

/// A state of several chunks, under validators that were handed over to three times.
fn taken() -> Taken {
    let (mut world, hand_overs) = hand_over::changed();
    let owner = world.organisation(2).did;
    let list = StatusListId { owner, number: 1 };
    let chunks: Vec<_> = (0..4000).map(|n| Record::StatusChunk(StatusChunk::new(list.clone(), n))).collect();
    world.state = world.state.with(&chunks);
    world.head.state_root = world.state.root();
    let (manifest, chunks) = written(&world.state, &world, hand_overs);
    assert_eq!(chunks.len(), 3, "several chunks");
    Taken { world, manifest, chunks }
}

impl Taken {
    fn open(&self, manifest: Manifest) -> Result<SnapshotReader, SnapshotError> {
        SnapshotReader::open(manifest, &self.world.genesis.anchor(), self.world.now(), MAX_AGE)
    }

    fn read(&self, manifest: &Manifest, chunks: &[Vec<u8>]) -> Result<State, SnapshotError> {
        let mut reader = self.open(manifest.clone())?;
        for chunk in chunks {
            reader.take(chunk)?;
        }
        assert_eq!(reader.wants(), (chunks.len() < manifest.chunks.len()).then_some(chunks.len()));
        reader.finish().map(|(_, _, state)| state)
    }

    /// What is said of chunks whose digests a lying manifest names.
    fn lied(&self, chunks: &[Vec<u8>]) -> SnapshotError {
        let digest = |bytes: &Vec<u8>| Hash32::tagged("huizheng/snapshot-chunk/1", &[bytes]);
        let manifest = Manifest { chunks: chunks.iter().map(digest).collect(), ..self.manifest.clone() };
        self.read(&manifest, chunks).unwrap_err()
    }

    fn changed(&self, change: impl Fn(&mut Manifest)) -> SnapshotError {
        let mut manifest = self.manifest.clone();
        change(&mut manifest);
        self.open(manifest).unwrap_err()
    }
}

#[test]
fn a_state_comes_back_as_it_was_signed() {
    let taken = taken();
    assert!(taken.chunks.iter().all(|chunk| chunk.len() <= MAX_CHUNK_BYTES));
    let manifest = Manifest::from_bytes(&taken.manifest.to_bytes()).unwrap();
    let json = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    let state = taken.read(&manifest, &taken.chunks).unwrap();
    assert_eq!(state.root(), taken.world.state.root());
    assert!(state.all_bytes().eq(taken.world.state.all_bytes()));
    let again = written(&state, &taken.world, manifest.hand_overs.clone());
    assert_eq!(again, (manifest.clone(), taken.chunks.clone()), "the same state makes the same snapshot");
    let mut reader = taken.open(manifest).unwrap();
    taken.chunks.iter().for_each(|chunk| reader.take(chunk).unwrap());
    let (_, anchor, _) = reader.finish().unwrap();
    assert_eq!(anchor.validators, taken.world.validators, "and who signs now is known");
    let unfinished = SnapshotWriter::new(&state);
    assert!(
        unfinished.finish(taken.world.head.clone(), taken.manifest.certificate.clone(), vec![]).is_none()
    );
}

#[test]
fn manifests_refused_by_name() {
    let taken = taken();
    let head = &taken.world.head;
    assert_eq!(taken.changed(|m| m.version = 2), SnapshotError::ManifestMalformed, "another_version");
    assert_eq!(taken.changed(|m| m.header.chain_id = Hash32::ZERO), SnapshotError::WrongChain);
    assert_eq!(taken.changed(|m| m.header.height = 0), SnapshotError::BeforeAnchor);
    assert_eq!(taken.changed(|m| m.header.state_root = Hash32::ZERO), SnapshotError::OtherBlock);
    assert_eq!(
        taken.changed(|m| m.certificate.height = 1),
        SnapshotError::OtherBlock,
        "certificate_of_another"
    );
    assert_eq!(
        taken.changed(|m| m.chunks = vec![Hash32::ZERO; MAX_CHUNKS + 1]),
        SnapshotError::TooManyChunks
    );
    assert_eq!(
        taken.changed(|m| drop(m.hand_overs.pop())),
        SnapshotError::OtherValidators,
        "last_hand_over_missing"
    );
    let linked = taken.changed(|m| drop(m.hand_overs.remove(1)));
    assert!(matches!(linked, SnapshotError::HandOver(HandOverError::NotLinked { .. })), "{linked}");
    let few = taken.changed(|m| m.certificate.signatures.truncate(2));
    assert_eq!(few, SnapshotError::Certificate(CertificateError::QuorumTooSmall { have: 2, total: 4 }));
    let forged = taken.changed(|m| m.certificate.signatures[0].signature[9] ^= 1);
    assert_eq!(forged, SnapshotError::Certificate(CertificateError::Signature(0)));
    let open =
        |now| SnapshotReader::open(taken.manifest.clone(), &taken.world.genesis.anchor(), now, MAX_AGE);
    let late = head.time.after(MAX_AGE).after(Duration::from_millis(1));
    assert_eq!(open(late).unwrap_err(), SnapshotError::TooOld { time: head.time });
    let early = UnixMillis(head.time.0 - 120_001);
    assert_eq!(open(early).unwrap_err(), SnapshotError::FromTheFuture { time: head.time });
    let bytes = taken.manifest.to_bytes();
    for bad in [&bytes[..bytes.len() - 1], &[bytes.as_slice(), &[0]].concat(), &[]] {
        assert_eq!(Manifest::from_bytes(bad), Err(SnapshotError::ManifestMalformed));
    }
}

#[test]
fn chunks_refused_by_name() {
    let taken = taken();
    let read = |chunks: &[Vec<u8>]| taken.read(&taken.manifest, chunks).unwrap_err();
    let [a, b, c] = [0, 1, 2].map(|at: usize| taken.chunks[at].clone());
    let out_of_turn = SnapshotError::ChunkOutOfTurn { chunk: 1, is: 2 };
    assert_eq!(read(&[a.clone(), c.clone(), b.clone()]), out_of_turn, "swapped");
    assert_eq!(read(&[a.clone(), a.clone()]), SnapshotError::ChunkOutOfTurn { chunk: 1, is: 0 }, "twice");
    assert_eq!(read(&[a.clone(), b.clone()]), SnapshotError::ChunksMissing { missing: 1 }, "missing");
    let mut damaged = b.clone();
    damaged[70] ^= 1;
    assert_eq!(read(&[a.clone(), damaged]), SnapshotError::ChunkDamaged { chunk: 1 }, "damaged");
    assert_eq!(read(&[a.clone(), b.clone(), c.clone(), c.clone()]), SnapshotError::ChunkTooMany);
    assert_eq!(read(&[vec![0; MAX_CHUNK_BYTES + 1]]), SnapshotError::ChunkTooLong { chunk: 0 });

    // A manifest that lies with its chunks: it is not signed, but the state is.
    assert_eq!(taken.lied(&[b.clone(), a.clone(), c.clone()]), SnapshotError::Unsorted { chunk: 1 });
    let first_of = |chunk: &[u8]| 2 + usize::from(chunk[0] & 0x7f) + (usize::from(chunk[1]) << 7);
    let first = first_of(&a);
    let repeated = [&c[..first_of(&c)], &c].concat();
    assert_eq!(taken.lied(&[repeated]), SnapshotError::RecordTwice { chunk: 0 });
    let dropped = taken.lied(&[a[first..].to_vec(), b.clone(), c.clone()]);
    assert!(matches!(dropped, SnapshotError::Count { have, said } if have + 1 == said), "{dropped}");
    assert_eq!(
        taken.lied(&[a.clone(), b.clone(), c.clone(), vec![]]),
        SnapshotError::ChunkMalformed { chunk: 3 }
    );
    let cut = [a.clone(), b.clone(), c[..c.len() - 1].to_vec()];
    assert_eq!(taken.lied(&cut), SnapshotError::ChunkMalformed { chunk: 2 });
}

#[test]
fn another_state_is_not_taken_for_the_signed_one() {
    let taken = taken();
    let list = StatusListId { owner: crate::world::plan(1).1.did, number: 9 };
    let forged = taken.world.state.with([&Record::StatusChunk(StatusChunk::new(list, 1))]);
    let (manifest, chunks) = written(&forged, &taken.world, taken.manifest.hand_overs.clone());
    assert_eq!(taken.read(&manifest, &chunks).unwrap_err(), SnapshotError::WrongRoot);
}
