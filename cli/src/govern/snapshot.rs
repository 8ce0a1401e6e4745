//! `huizheng registry snapshot`: what a counter with no network takes along of the register.

use std::path::Path;

use credentials::catalogue::Catalogue;
use registry::{Did, Slug};
use service::{NodeClient, clock, files};
use verifier::offline::Register;
use verifier::offline::snapshot::Snapshot;

use crate::fault::{Done, OrFault};
use crate::term;

const TODO: &str = "is the node running, the anchor its own, and the DID right?";

pub(super) async fn run(
    client: &NodeClient,
    issuers: &[Did],
    counter: Option<(&Did, &[Slug])>,
    out: &Path,
) -> Done {
    let catalogue = Catalogue::bundled().or_fault("this build is broken; report it")?;
    let mut snapshot = Snapshot::fetch(issuers, catalogue, client).await.or_fault(TODO)?;
    if let Some((counter, purposes)) = counter {
        snapshot = snapshot.and_counter(counter, purposes, client).await.or_fault(TODO)?;
    }
    let bytes = snapshot.to_bytes();
    // As whoever takes it along will.
    let opened = Register::open(&bytes, client.anchor().clone(), clock::now());
    let opened = opened.or_fault("check this machine's clock, and try again")?;
    files::write_public(out, &bytes).or_fault(format!("{} can't be written", out.display()))?;
    let of = opened.evidence_of().map_or_else(String::new, |time| format!(" as of {time}"));
    term::say_line(format!("{} records of the register{of} are in {}", opened.records(), out.display()));
    Ok(())
}
