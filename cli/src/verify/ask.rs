//! A counter's request as QR codes: for a counter with no network, or printed for a place.

use std::path::{Path, PathBuf};

use clap::Args;
use credentials::catalogue::Catalogue;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, SoftwareKey};
use protocol::dcql::DcqlQuery;
use protocol::jwt::NumericDate;
use protocol::offline::{Ask, FrameSize, Message, OFFLINE_TYPE, OfflineRequest, frames};
use protocol::openid4vp::ClientId;
use registry::{Anchor, Did, Slug};
use service::secrets::SecretFolder;
use service::{KeyFiles, clock, random};
use verifier::PurposeConfig;
use verifier::offline::Register;
use verifier::offline::snapshot::Snapshot;

use crate::fault::{Done, Fault, OrFault};
use crate::term;

/// The files of the keys that a counter signs requests with.
const KEYS: KeyFiles = KeyFiles::new("signing-p256", "key-2");
/// How long a challenge counts by itself, in minutes. A printed code has no challenge.
const MINUTES: u16 = 5;

/// `huizheng verify ask …`
#[derive(Debug, Args)]
pub struct AskArgs {
    /// The counter's folder of keys.
    #[arg(long, value_name = "DIR")]
    pub keys: PathBuf,
    /// The counter's DID.
    #[arg(long)]
    pub did: Did,
    /// The registered purpose [default: the policy's].
    #[arg(long, required_unless_present = "policy")]
    pub purpose: Option<Slug>,
    /// What is asked, a file with a DCQL query.
    #[arg(long, value_name = "FILE", required_unless_present = "policy", conflicts_with = "policy")]
    pub query: Option<PathBuf>,
    /// Or what a policy asks, a TOML file; `verify --offline --policy` measures the answer by the same.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What `huizheng registry snapshot --counter` wrote while there was a network: with it a phone that has none knows who asks,
    /// and for what. Of a day ago at most; needs --anchor.
    #[arg(long, value_name = "FILE", conflicts_with = "place")]
    pub snapshot: Option<PathBuf>,
    /// One-way: the place that the code is printed for. Without it, a fresh challenge for one holder.
    #[arg(long)]
    pub place: Option<String>,
    /// For how many minutes it counts: 5, or for a place whatever is said.
    #[arg(long, default_value_t = MINUTES)]
    pub minutes: u16,
}

/// Prints the codes' texts, a line each: what `verify --offline --request` takes.
pub(super) fn run(args: AskArgs, anchor: Option<Anchor>) -> Done {
    let (purpose, _) = asked(&args)?;
    let staples =
        args.snapshot.as_deref().map(|file| staple(file, &args.did, &purpose, anchor)).transpose()?;
    for text in codes(args, staples.into_iter().collect(), clock::now().seconds())? {
        term::say_line(text);
    }
    Ok(())
}

/// What is known of the counter, verified as the phone will.
fn staple(file: &Path, counter: &Did, purpose: &Slug, anchor: Option<Anchor>) -> Done<Vec<u8>> {
    let todo = format!(
        "make it while there is a network: huizheng registry snapshot --counter {counter} --purpose {purpose}"
    );
    let anchor = anchor.ok_or_else(|| Fault::new("there is no trust anchor", super::ANCHOR))?;
    let bytes = std::fs::read(file).or_fault(todo.as_str())?;
    Register::open(&bytes, anchor, clock::now()).or_fault(todo.as_str())?;
    let found = Snapshot::parse(&bytes).or_fault(todo.as_str())?.of_counter(counter, purpose);
    found.ok_or_else(|| {
        Fault::new(format!("{} has nothing about this counter and purpose", file.display()), todo)
    })
}

fn codes(args: AskArgs, staples: Vec<Vec<u8>>, now: i64) -> Done<Vec<String>> {
    let todo = "name the folder of the counter's keys, below `keys` in the verifier's data folder";
    let missing = || Fault::new(format!("{} has no signing-p256.key", args.keys.display()), todo);
    if !args.keys.is_dir() {
        return Err(missing());
    }
    let folder = SecretFolder::open(&args.keys).or_fault(todo)?;
    // The counter erases a key that no longer counts: until then the one before is the one that surely did.
    let name = KEYS.names(&folder).or_fault(todo)?.into_iter().next().ok_or_else(missing)?;
    let key = folder.existing(&KEYS.file(&name)).or_fault(todo)?.ok_or_else(missing)?;
    let key = SoftwareKey::from_secret_bytes(Algorithm::Es256, key.as_slice()).or_fault(todo)?;
    let (purpose, query) = asked(&args)?;
    let request = OfflineRequest {
        client_id: ClientId::of_did(&args.did.to_string()),
        purpose: purpose.to_string(),
        dcql_query: query,
        nonce: args.place.is_none().then(|| random::token(16)),
        place: args.place,
        iat: NumericDate(now),
        exp: NumericDate(now + 60 * i64::from(args.minutes)),
    };
    let checked = request.clone().check(now);
    checked.or_fault("change what is asked")?;
    let header = Header::typed(OFFLINE_TYPE).with_kid(&format!("{}#{name}", args.did));
    let request = jws::sign(&header, &request, &key).or_fault("this build is broken; report it")?;
    let message = Message::Ask(Ask { request, staples }).to_bytes();
    frames(&message, FrameSize::CAMERA_720P).or_fault("ask for less")
}

/// For what, and what.
fn asked(args: &AskArgs) -> Done<(Slug, DcqlQuery)> {
    let nothing =
        || Fault::new("nothing is asked", "name a policy, or a purpose and a file with a DCQL query");
    if let Some(file) = &args.policy {
        let policy = PurposeConfig::load(file).or_fault("mend the policy")?;
        let catalogue = Catalogue::bundled().or_fault("this build is broken; report it")?;
        let query = policy.query(catalogue).or_fault("mend the policy")?;
        return Ok((args.purpose.clone().unwrap_or(policy.id), query));
    }
    let query = std::fs::read(args.query.as_ref().ok_or_else(nothing)?);
    let query = query.or_fault("name a file with a DCQL query")?;
    let query = serde_json::from_slice(&query).or_fault("write a DCQL query into it")?;
    Ok((args.purpose.clone().ok_or_else(nothing)?, query))
}

#[cfg(test)]
mod tests {
    use protocol::offline::Binding;

    use super::super::offline::request_of;
    use super::*;

    const QUERY: &str = r#"{"credentials": [{"id": "licence", "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [{"path": ["name"]}]}]}"#;

    #[test]
    fn what_is_printed_is_read_as_it_was_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = folder.path().join("keys");
        let query = folder.path().join("query.json");
        std::fs::write(&query, QUERY).expect("written");
        let ask = |place: Option<&str>| AskArgs {
            keys: keys.clone(),
            did: "did:hui:anhui:z11111111111111111111".parse().expect("a DID"),
            purpose: Slug::new("company-service").ok(),
            query: Some(query.clone()),
            policy: None,
            snapshot: None,
            place: place.map(str::to_owned),
            minutes: MINUTES,
        };
        let now = clock::now().seconds();
        assert!(codes(ask(None), Vec::new(), now).is_err() && !keys.exists(), "keys_missing: none are made");
        SecretFolder::open(&keys).expect("a folder").secret("signing-p256.key").expect("a key");

        let file = folder.path().join("codes");
        for place in [None, Some("hall-3")] {
            std::fs::write(&file, codes(ask(place), Vec::new(), now).expect("codes").join("\n"))
                .expect("written");
            let read = request_of(&file).expect("a request");
            assert_eq!((read.purpose.as_str(), read.expires), ("company-service", now + 300));
            match (place, read.binding) {
                (None, Binding::Challenge(nonce)) => assert_eq!(nonce.len(), 22),
                (Some(place), Binding::Place(read)) => assert_eq!(read, place),
                (place, other) => panic!("{place:?}: {other:?}"),
            }
        }
        // By a policy: its query, its purpose.
        let policy = folder.path().join("policy.toml");
        let asks =
            "[[asks]]\ncredential_type = 'business-licence'\nclaims = ['name']\nvalues = { name = ['甲'] }";
        std::fs::write(&policy, format!("id = 'a'\ntitle = {{ zh = '甲', en = 'A' }}\n{asks}\n"))
            .expect("written");
        let by_policy = AskArgs { purpose: None, query: None, policy: Some(policy.clone()), ..ask(None) };
        std::fs::write(&file, codes(by_policy, Vec::new(), now).expect("codes").join("\n")).expect("written");
        let read = request_of(&file).expect("a request");
        let policy = PurposeConfig::load(&policy).expect("a policy");
        let query = policy.query(Catalogue::bundled().expect("bundled")).expect("a query");
        assert_eq!((read.purpose.as_str(), read.query), ("a", query));
        assert!(codes(ask(Some("no place")), Vec::new(), now).is_err(), "place_malformed");
        assert!(codes(AskArgs { minutes: 60, ..ask(None) }, Vec::new(), now).is_err(), "challenge_too_long");
    }
}
