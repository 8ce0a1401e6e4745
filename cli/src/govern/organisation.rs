//! `huizheng org`: an organisation's own DID, made and changed with its own keys.

use std::path::{Path, PathBuf};

use chain::keys;
use credentials::key::{Jwk, PublicKey as SigningKey};
use rand_core::{OsRng, RngCore};
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{
    Action, Author, Did, DidDocument, DidRecord, DocumentKey, KeyId, PublicKey, Purpose, Purposes, Record,
    RecordKey,
};
use service::organisation::RECOVERY_KEY;
use service::{KeyFiles, NodeClient, files};

use super::{connect, report};
use crate::args::{OrgArgs, OrgCommand};
use crate::fault::{Done, Fault, OrFault};
use crate::keyfile;
use crate::term::{self, Paint};

/// Runs `huizheng org …`.
pub async fn run(data: &Path, args: OrgArgs) -> Done {
    let client = connect(data, &args.node).await?;
    match args.command {
        OrgCommand::Create { assertion_keys, out } => {
            let folder = out.unwrap_or_else(|| {
                data.join("organisations").join(service::clock::now().seconds().to_string())
            });
            create(&client, &folder, &read_keys(&assertion_keys)?).await
        }
        OrgCommand::Rotate { folder, assertion_keys } => {
            rotate(&client, &folder, &read_keys(&assertion_keys)?).await
        }
        OrgCommand::Deactivate { folder, yes } => deactivate(&client, &folder, yes).await,
    }
}

async fn create(client: &NodeClient, folder: &Path, signing: &[PublicKey]) -> Done {
    let todo = "choose another folder with --out";
    if folder.join("did").exists() {
        return Err(Fault::new(format!("{} holds an organisation already", folder.display()), todo));
    }
    files::private_folder(folder).or_fault(todo)?;
    let author = keys::load_or_create(&folder.join("author.key")).or_fault(todo)?;
    let recovery = keys::load_or_create(&folder.join(RECOVERY_KEY)).or_fault(todo)?;
    let mut salt = [0; 16];
    OsRng.fill_bytes(&mut salt);
    let plan = DidPlan {
        document: organisation_document(&author.public_key(), signing, vec![]),
        salt,
        recovery_commitment: recovery_commitment(&recovery.public_key()),
    };
    let did = plan.did(&client.anchor().network);
    let action = plan.into_action();
    let done = client
        .act(&Author::Did(did.clone()), &action, &[&author])
        .await
        .or_fault("nothing was created; try again")?;
    files::write_public(&folder.join("did"), did.to_string().as_bytes()).or_fault(todo)?;
    report(&action, &done);
    print_keys(client, &did, folder).await?;
    let recovery = folder.join(RECOVERY_KEY);
    let why = "it takes the DID back when the other keys are stolen or lost";
    term::say_line(format!("put {} away, apart from the others: {why}", recovery.display()));
    Ok(())
}

async fn rotate(client: &NodeClient, folder: &Path, signing: &[PublicKey]) -> Done {
    let did = read_did(folder)?;
    let record = did_record(client, &did).await?;
    let author = author(folder, &record)?;
    let document = next_document(&record, signing)?;
    let action = Action::DidRotate { document };
    let done = client
        .act(&Author::Did(did.clone()), &action, &[&author])
        .await
        .or_fault("the keys are as before; correct it and try again")?;
    report(&action, &done);
    print_keys(client, &did, folder).await
}

async fn deactivate(client: &NodeClient, folder: &Path, yes: bool) -> Done {
    let did = read_did(folder)?;
    if !yes && !term::ask(&format!("End {did} for good?"))? {
        return Err(Fault::new("nothing was changed", ""));
    }
    let author = author(folder, &did_record(client, &did).await?)?;
    let action = Action::DidDeactivate;
    let done = client
        .act(&Author::Did(did), &action, &[&author])
        .await
        .or_fault("nothing was changed; try again")?;
    report(&action, &done);
    Ok(())
}

/// Keys that stay keep their fragment, new ones get numbers that were never used.
fn next_document(record: &DidRecord, signing: &[PublicKey]) -> Done<DidDocument> {
    let stays = |key: &registry::VerificationKey| key.purposes.contains(Purpose::CapabilityInvocation);
    let kept = record.current_keys().filter(|key| stays(key));
    let mut keys: Vec<_> = kept
        .map(|key| DocumentKey { fragment: key.fragment.clone(), key: key.key, purposes: key.purposes })
        .collect();
    let mut free = record.free_fragments();
    for key in signing {
        let current =
            record.current_keys().find(|known| known.key == *key).map(|known| known.fragment.clone());
        let fragment = current.or_else(|| free.next());
        let fragment = fragment.ok_or_else(|| Fault::new("no key can be named any more", ""))?;
        let purposes = Purposes::of(&[Purpose::AssertionMethod, Purpose::Authentication]);
        keys.push(DocumentKey { fragment, key: *key, purposes });
    }
    Ok(DidDocument { keys, services: record.services.clone() })
}

/// The key that acts for the organisation now.
fn author(folder: &Path, record: &DidRecord) -> Done<SoftwareSigner> {
    let acts = record.current_keys().filter(|key| key.purposes.contains(Purpose::CapabilityInvocation));
    let files = acts.map(|key| folder.join(KeyFiles::AUTHOR.file(&key.fragment)));
    let file = files.into_iter().find(|file| file.exists()).ok_or_else(|| {
        let what = format!("the key that acts for {} is not in {}", record.did, folder.display());
        Fault::new(what, "if it was stolen or lost: huizheng registry recover")
    })?;
    keyfile::load(&file)
}

pub(super) async fn print_keys(client: &NodeClient, did: &Did, folder: &Path) -> Done {
    let record = did_record(client, did).await?;
    let mut lines = vec![("did", did.to_string())];
    for key in record.current_keys() {
        let id = KeyId { did: did.clone(), fragment: key.fragment.clone() };
        let uses = key.purposes.iter().map(Purpose::as_str).collect::<Vec<_>>().join(", ");
        lines.push(("key", format!("{id}  {uses}")));
    }
    lines.push(("folder", folder.display().to_string()));
    term::say(term::pairs(Paint::stdout(), 2, &lines));
    Ok(())
}

pub(super) async fn did_record(client: &NodeClient, did: &Did) -> Done<DidRecord> {
    let proven = client.proven_one(RecordKey::Did(did.clone())).await.or_fault("is the node running?")?;
    match proven.record() {
        Some(Record::Did(record)) => Ok(record.clone()),
        _ => Err(Fault::new(format!("{did} is not on this chain"), "check --node and the folder")),
    }
}

pub(super) fn read_did(folder: &Path) -> Done<Did> {
    let todo = "give the folder that `huizheng org create` made";
    let path = folder.join("did");
    let at = |error: &dyn std::fmt::Display| Fault::new(format!("{}: {error}", path.display()), todo);
    let text = std::fs::read_to_string(&path).map_err(|error| at(&error))?;
    text.trim().parse().map_err(|error: registry::DidError| at(&error))
}

pub(super) fn read_keys(paths: &[PathBuf]) -> Done<Vec<PublicKey>> {
    paths.iter().map(|path| read_key(path)).collect()
}

/// A public JWK; `credentials` reads it, so the chain gets exactly the keys that credentials can be checked with.
fn read_key(path: &Path) -> Done<PublicKey> {
    let todo = "give a public key as JWK: Ed25519 (OKP) or P-256 (EC), without \"d\"";
    let at = |what: String| Fault::new(format!("{}: {what}", path.display()), todo);
    let text = std::fs::read(path).map_err(|error| at(error.to_string()))?;
    let jwk: Jwk = serde_json::from_slice(&text).map_err(|_| at("not a JWK".into()))?;
    let key = SigningKey::from_jwk(&jwk).map_err(|error| at(error.to_string()))?;
    key.to_multikey().parse().map_err(|error: registry::KeyError| at(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_jwk_is_refused() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("k.jwk");
        let signer = SoftwareSigner::from_seed(&[1; 32]).expect("a key");
        let key = SigningKey::ed25519(signer.public_key().as_bytes());
        let mut jwk = serde_json::to_value(key.expect("a key").to_jwk()).expect("json");
        std::fs::write(&path, jwk.to_string()).expect("written");
        read_key(&path).expect("a public key");
        jwk["d"] = "secret".into();
        std::fs::write(&path, jwk.to_string()).expect("written");
        let fault = read_key(&path).expect_err("a private key");
        assert!(!format!("{fault:?}").contains("secret"));
    }
}
