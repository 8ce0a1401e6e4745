//! An organisation whose keys a thief has: its recovery key, which was put away, takes its DID back, and it goes on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use credentials::jws;
use credentials::key::{Algorithm, PublicKey, Signer as _, SoftwareKey};
use rand_core::OsRng;
use registry::build::SoftwareSigner;
use registry::{
    Action, Author, Did, DidDocument, DidRecord, DocumentKey, Purpose, Purposes, Record, RecordKey, Slug,
};
use serde_json::{Value, json};
use service::node::SubmitError;

use crate::demo::{Demo, Network};
use crate::story::Story;

const PASSPHRASE: &str = "four words drawn at random";

/// A place of its own, where no service reads.
struct Safe {
    folder: tempfile::TempDir,
}

impl Safe {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        service::files::write_secret(&folder.path().join("passphrase"), PASSPHRASE.as_bytes())
            .expect("written");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Takes the recovery key out of an organisation's folder and puts it under a passphrase; the public key.
    fn puts_away(&self, keys: &Path) -> String {
        let file = self.path("recovery.key");
        std::fs::rename(keys.join("recovery.key"), &file).expect("it is there to be put away");
        self.runs(&["key", "protect", &file]).expect("protected");
        self.shows(&file)
    }

    fn shows(&self, file: &str) -> String {
        let said = self.runs(&["key", "show", file]).expect("a key file");
        said.split_whitespace().find(|word| word.starts_with("z6Mk")).expect("the public key").to_owned()
    }

    /// A command where the passphrase is known.
    fn runs(&self, arguments: &[&str]) -> Result<String, String> {
        let mut program = Command::new(env!("CARGO_BIN_EXE_huizheng"));
        program.env("HUIZHENG_PASSPHRASE_FILE", self.folder.path().join("passphrase"));
        let program = program.args(arguments).output().expect("started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if program.status.success() { Ok(text(&program.stdout)) } else { Err(text(&program.stderr)) }
    }
}

async fn document(network: &Network, did: &Did) -> DidRecord {
    let proven = network.chain.proven_one(RecordKey::Did(did.clone())).await.expect("evidence");
    match proven.record() {
        Some(Record::Did(record)) => record.clone(),
        other => panic!("no document: {other:?}"),
    }
}

fn slug(text: &str) -> Slug {
    Slug::new(text).expect("a name")
}

fn stolen(keys: &Path) -> SoftwareSigner {
    let seed = std::fs::read(keys.join("author.key")).expect("read by a thief");
    SoftwareSigner::from_seed(&seed.try_into().expect("32 bytes")).expect("a key")
}

/// Whoever has the author's key puts keys of his own in the place of all.
async fn shuts_out(network: &Network, did: &Did, stolen: &SoftwareSigner) -> SoftwareSigner {
    let own = SoftwareSigner::generate(&mut OsRng).expect("a key");
    let signs = SoftwareKey::generate(Algorithm::Es256, &mut OsRng);
    let key = |fragment, key, purposes: &[Purpose]| DocumentKey {
        fragment: slug(fragment),
        key,
        purposes: Purposes::of(purposes),
    };
    let own_public = registry::PublicKey::Ed25519(registry::build::TxSigner::public_key(&own));
    let signs = signs.public_key().to_multikey().parse().expect("a key");
    let keys = vec![
        key("key-4294967295", own_public, &[Purpose::CapabilityInvocation]),
        key("key-8", signs, &[Purpose::AssertionMethod]),
    ];
    let rotate = Action::DidRotate { document: DidDocument { keys, services: Vec::new() } };
    network.chain.act(&Author::Did(did.clone()), &rotate, &[stolen]).await.expect("he can");
    own
}

/// Nothing that these keys sign counts.
async fn count_for_nothing(network: &Network, did: &Did, keys: [&SoftwareSigner; 2]) {
    for key in keys {
        let done = network.chain.act(&Author::Did(did.clone()), &Action::DidDeactivate, &[key]).await;
        match done {
            Err(SubmitError::Rejected { code, .. }) => assert_eq!(code, "not-authorised"),
            other => panic!("a thief still acts: {other:?}"),
        }
    }
}

/// The issuer signs with the keys that the chain has.
async fn takes_them_up(network: &Network) {
    let (url, began) = (format!("{}/api/keys", network.market().url), Instant::now());
    let in_use = |body: &Value, slot: &str| {
        let keys = body["keys"].as_array().expect("keys").iter();
        keys.filter(|key| key["slot"] == slot && key["state"] == "in-use").count()
    };
    loop {
        let (_, body) = network.get(&url, &network.urls.staff_token).await.expect("an answer");
        if ["author", "ed25519", "p256"].into_iter().all(|slot| in_use(&body, slot) == 1) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{body}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn whole(network: &Network) {
    let mut story = Story::default();
    while !story.is_over() {
        story.go_on(network).await.expect("it goes on");
    }
    story.must_be_there(network).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_whose_keys_a_thief_has_takes_its_did_back_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let safe = Safe::new();
    let demo = Demo::start(folder.path()).await;
    let network = demo.network();
    let did = network.market().did.clone();
    let keys: PathBuf = folder.path().join("data/issuers/market-supervision/keys");
    let mut before = Story::default();
    while !before.was_presented() {
        before.go_on(&network).await.expect("an answer");
    }
    let recovery = safe.puts_away(&keys);
    let stolen = stolen(&keys);
    let thief = shuts_out(&network, &did, &stolen).await;

    // The issuer drafts, by public keys alone; where the recovery key is, it signs; anybody submits.
    let (next, draft, node) =
        (safe.path("next.key"), safe.path("recover.json"), network.urls.chain.url.clone());
    safe.runs(&["key", "new", &next]).expect("made");
    safe.runs(&["key", "new", &next]).expect_err("never made anew");
    let (named, folder_of_keys, public) =
        (did.to_string(), keys.to_string_lossy().into_owned(), safe.shows(&next));
    let recover = |recovery: &str, next: &str, more: &[&str]| {
        let words = ["registry", "recover", &named, "--keys", &folder_of_keys, "--node", &node];
        safe.runs(&[&words[..], &["--recovery-key", recovery, "--next-recovery-key", next], more].concat())
    };
    let refused = recover(&public, &public, &["--draft", &draft]).expect_err("another key");
    assert!(refused.contains("is not the recovery key of"), "{refused}");
    let refused = recover(&recovery, &public, &[]).expect_err("nobody signs");
    assert!(refused.contains("--draft"), "{refused}");
    recover(&recovery, &public, &["--draft", &draft]).expect("drafted");
    let refused = safe.runs(&["registry", "sign", &draft, "--key", &next]).expect_err("not by the next one");
    assert!(refused.contains("is not the recovery key"), "{refused}");
    safe.runs(&["registry", "submit", &draft, "--node", &node]).expect_err("nobody has signed");
    let shown =
        safe.runs(&["registry", "sign", &draft, "--key", &safe.path("recovery.key")]).expect("signed");
    assert!(shown.contains(&named), "who signs sees for whom: {shown}");
    safe.runs(&["registry", "submit", &draft, "--node", &node]).expect("decided");

    count_for_nothing(&network, &did, [&thief, &stolen]).await;
    let record = document(&network, &did).await;
    assert_eq!(record.current_keys().count(), 3, "{record:?}");
    takes_them_up(&network).await;
    whole(&network).await;
    assert!(!keys.join("author.key").exists(), "what is retired is erased");
    // What it had signed before goes on counting; what the thief's key signs is declared so on its keys page.
    before.is_accepted(&network).await;
    let url = format!("{}/api/keys/key-8/compromised", network.market().url);
    let wish = json!({"since": record.created.to_string(), "keep": false, "reason": "not ours"});
    let (status, body) = network.post(&url, Some(&network.urls.staff_token), &wish).await.expect("an answer");
    assert_eq!(status, 200, "{body}");
    let approve = format!("{url}/approve");
    let seen = json!({"wish": body["wish"]});
    let (status, body) =
        network.post(&approve, Some(&network.urls.supervisor_token), &seen).await.expect("an answer");
    assert_eq!(status, 200, "{body}");
    let record = document(&network, &did).await;
    let his = record.key(&slug("key-8")).expect("known");
    assert_eq!(his.compromised_since, Some(his.from));

    // A recovery key is used once; the next one is the one that counts, and it needs no draft where it may reach a node.
    let refused = recover(&safe.path("recovery.key"), &safe.path("third.key"), &[]).expect_err("used up");
    assert!(refused.contains("is not the recovery key of"), "{refused}");
    let said = recover(&next, &safe.path("third.key"), &[]).expect("recovered");
    assert!(said.contains("didRecover is final") && said.contains("third.key"), "{said}");
    demo.kill();

    let demo = Demo::start(folder.path()).await;
    let network = demo.network();
    assert_eq!(network.market().did, did, "the same without its first keys");
    whole(&network).await;
    before.is_accepted(&network).await;
    network.audit_logs_are_whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verifier_and_an_organisation_whose_keys_sign_elsewhere_are_recovered_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let safe = Safe::new();
    let demo = Demo::start(folder.path()).await;
    let network = demo.network();
    let (did, node) = (network.urls.verifier.did.clone(), network.urls.chain.url.clone());
    let keys = folder.path().join("data/verifier/keys/counter");
    safe.puts_away(&keys);
    let stolen = stolen(&keys);
    let thief = shuts_out(&network, &did, &stolen).await;
    let recover = |did: &str, keys: &Path, recovery: &str, more: &[&str]| {
        let (keys, next) = (keys.to_string_lossy(), safe.path("next.key"));
        let words = ["registry", "recover", did, "--keys", &keys, "--node", &node];
        safe.runs(&[&words[..], &["--recovery-key", recovery, "--next-recovery-key", &next], more].concat())
    };
    let another = recover(&network.market().did.to_string(), &keys, &safe.path("recovery.key"), &[]);
    another.expect_err("not of this key, nor of this folder");
    recover(&did.to_string(), &keys, &safe.path("recovery.key"), &[]).expect("recovered");
    count_for_nothing(&network, &did, [&thief, &stolen]).await;
    demo.kill();

    let demo = Demo::start(folder.path()).await;
    let network = demo.network();
    assert_eq!(network.urls.verifier.did, did);
    asks_with_a_key_that_counts(&network, &did).await;
    whole(&network).await;
    assert!(!keys.join("author.key").exists() && !keys.join("signing-p256.key").exists(), "erased");

    // An organisation by the command line alone.
    let jwk = |name: &str| {
        let key = SoftwareKey::generate(Algorithm::Es256, &mut OsRng).public_key().to_jwk();
        std::fs::write(safe.path(name), serde_json::to_vec(&key).expect("JSON")).expect("written");
        safe.path(name)
    };
    let (own, node) = (safe.path("own"), network.urls.chain.url.clone());
    let made =
        safe.runs(&["org", "create", "--assertion-key", &jwk("one.jwk"), "--out", &own, "--node", &node]);
    assert!(made.expect("made").contains("recovery.key away"), "it says what to do with it");
    let own_did = std::fs::read_to_string(Path::new(&own).join("did")).expect("noted");
    std::fs::remove_file(Path::new(&own).join("author.key")).expect("lost");
    let rotate =
        || safe.runs(&["org", "rotate", &own, "--assertion-key", &jwk("three.jwk"), "--node", &node]);
    assert!(rotate().expect_err("lost").contains("registry recover"));
    let recovery = format!("{own}/recovery.key");
    let next = safe.path("own-next.key");
    let words = ["registry", "recover", own_did.trim(), "--keys", &own, "--node", &node];
    let with = ["--recovery-key", &recovery, "--next-recovery-key", &next];
    let refused = safe.runs(&[&words[..], &with].concat()).expect_err("which keys sign?");
    assert!(refused.contains("--assertion-key"), "{refused}");
    let (two, author) = (jwk("two.jwk"), "--assertion-key");
    safe.runs(&[&words[..], &with, &[author, &two]].concat()).expect("recovered");
    rotate().expect("its new key acts");
}

/// What the counter asks is signed by a key that its document has now.
async fn asks_with_a_key_that_counts(network: &Network, did: &Did) {
    let wish = json!({"purpose": "company-service", "response_mode": "direct_post"});
    let url = format!("{}/api/requests", network.urls.verifier.url);
    let (_, asked) = network.post(&url, Some(&network.urls.staff_token), &wish).await.expect("an answer");
    let (_, object) =
        network.get(asked["request_uri"].as_str().expect("a link"), "").await.expect("an answer");
    let object = jws::Unverified::parse(object.as_str().expect("a token")).expect("a JWS");
    let kid: registry::KeyId = object.header().kid.as_deref().expect("a kid").parse().expect("a DID URL");
    let record = document(network, did).await;
    let key = record.current_keys().find(|key| key.fragment == kid.fragment).expect("it counts");
    let key = PublicKey::from_multikey(&key.key.to_multikey()).expect("a key");
    object.verify_untyped(&key).expect("signed by it");
}
