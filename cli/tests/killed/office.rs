//! An issuer by its own settings as a process of its own: every command that its operators and auditors have, its exit code and what
//! it says; and the same issuer after `kill -9`, and from its back-up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cli::urls::{ChainUrl, IssuerUrl, PhoneUrl, Urls, VerifierUrl};
use issuer::audit;
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{Action, Ask, Did, LegalBasis, LocalText, PurposeDraft, Record, RecordKey, Slug, UnixMillis};
use serde_json::json;
use service::outbound;

use crate::demo::Network;
use crate::ground::{Ground, Process, ended, huizheng};
use crate::moment;
use crate::story::Story;

const STAFF: &str = "a token of the staff of more than thirty-two characters";
const CLERK: &str = "a token of a clerk of more than thirty-two characters";
/// Citizens at the same time.
const CITIZENS: usize = 3;
const TYPES: [&str; 2] = ["business-licence", "tax-registration"];

/// What an exit code and two outputs are called.
type Ended = (Option<i32>, String, String);

/// A chain, a folder with an issuer's settings, and where it answers.
pub(crate) struct Office {
    ground: Ground,
    base: String,
    http: reqwest::Client,
}

impl Office {
    /// `tls`: its table of the settings, if it has one.
    pub(crate) async fn make(tls: Option<&str>) -> Self {
        let (ground, port, operators) =
            (Ground::make().await, testkit::free_ports(1), testkit::free_ports(1));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (base, tls) = (format!("{scheme}://127.0.0.1:{port}"), tls.unwrap_or_default());
        let node = ground.node_url();
        let settings = format!(
            r#"
            name = {{ zh = "示例市市场监督管理局", en = "Example Market Supervision" }}
            credential_types = ["business-licence", "tax-registration"]
            listen = "127.0.0.1:{port}"
            base_url = "{base}"
            operators = "127.0.0.1:{operators}"
            node_url = "{node}"
            anchor_file = "anchor.json"
            data_dir = "data"
            {tls}
            [[staff]]
            name = "all"
            token_file = "staff.token"
            roles = ["clerk", "supervisor", "auditor", "admin"]
            [[staff]]
            name = "clerk"
            token_file = "clerk.token"
            roles = ["clerk"]
            [[one_stop]]
            credential_type = "tax-registration"
            presented = "business-licence"
            purpose = "tax-registration"
            taken = {{ taxpayerNumber = "creditCode", name = "name" }}
            given = {{ taxAuthority = "示例市税务局", taxpayerKind = "small-scale", taxTypes = ["vat"] }}
            approval = "at-once"
            [policy]
            applications_per_client = 100000
            audit_anchored_every_s = 1
            "#
        );
        ground.write("issuer.toml", &settings);
        ground.write_secret("staff.token", STAFF);
        ground.write_secret("clerk.token", CLERK);
        Self { ground, base, http: outbound::client(Duration::from_secs(20)) }
    }

    /// `huizheng issuer …` with the settings.
    fn issuer(&self, command: &str, arguments: &[&str]) -> Ended {
        let mut command = huizheng(["issuer", command, "--config"]);
        ended(command.arg(self.ground.path("issuer.toml")).args(arguments))
    }

    /// Runs it, and reads who it says that it is.
    pub(crate) async fn start(&self) -> (Process, Did) {
        let mut command = huizheng(["issuer", "run", "--config"]);
        let command = command.arg(self.ground.path("issuer.toml"));
        let process = Process::start(command, &self.http, &format!("{}/health/ready", self.base)).await;
        let printed = process.printed().await;
        let (did, at) = printed[0].split_once(" answers at ").expect("who answers where");
        assert_eq!(at, self.base);
        (process, did.parse().expect("a DID"))
    }

    /// Governance lets it issue, and ask for licences.
    async fn accredit(&self, did: &Did) {
        let name = || LocalText::new("示例市市场监督管理局", "Example Market Supervision");
        for credential_type in TYPES.map(slug) {
            let (did, issuer_name, valid_from) = (did.clone(), name(), UnixMillis(0));
            let accredit =
                Action::Accredit { did, credential_type, issuer_name, valid_from, valid_until: None };
            self.ground.govern(&accredit).await;
        }
        let claims = ["creditCode", "name"].map(str::to_owned).to_vec();
        let purpose = PurposeDraft {
            did: did.clone(),
            purpose: slug("tax-registration"),
            verifier_name: name(),
            purpose_name: LocalText::new("凭营业执照办理", "By business licence"),
            legal_basis: LegalBasis::Statutory,
            legal_text: LocalText::new("示例规定第一条", "Example rule, article 1"),
            asks: vec![Ask { credential_type: slug("business-licence"), claims }],
            retention_days: 3650,
            valid_from: UnixMillis(0),
            valid_until: None,
        };
        self.ground.govern(&Action::RegisterPurpose(purpose)).await;
    }

    /// As stories see it: no counter is there.
    pub(crate) fn network(&self, did: &Did) -> Network {
        let name = LocalText::new("", "");
        let issuer = IssuerUrl {
            url: self.base.clone(),
            did: did.clone(),
            name: name.clone(),
            credential_types: TYPES.map(slug).to_vec(),
        };
        let (url, anchor) = (self.ground.node_url(), self.ground.anchor.clone());
        let nowhere = String::new;
        Network::of(Urls {
            chain: ChainUrl { url, anchor },
            issuers: BTreeMap::from([("market-supervision".to_owned(), issuer)]),
            verifier: VerifierUrl {
                url: nowhere(),
                did: did.clone(),
                client_id: nowhere(),
                name,
                purposes: Vec::new(),
            },
            phone: PhoneUrl { url: nowhere() },
            staff_token: STAFF.to_owned(),
            supervisor_token: STAFF.to_owned(),
        })
    }

    pub(crate) async fn shutdown(self) {
        self.ground.shutdown().await;
    }

    fn export(&self, token_file: &str, to: &Path) -> Ended {
        let mut command = huizheng(["issuer", "audit", "export", "--issuer", &self.base, "--token-file"]);
        ended(command.arg(self.ground.path(token_file)).arg(to))
    }

    fn verify(&self, did: &Did, file: &Path) -> Ended {
        let (did, node) = (did.to_string(), self.ground.node_url());
        let mut command = huizheng(["issuer", "audit", "verify", "--did", &did, "--node", &node, "--anchor"]);
        ended(command.arg(self.ground.path("anchor.json")).arg(file))
    }

    /// The whole log, exported by this name: its lines.
    fn log(&self, name: &str) -> Vec<String> {
        let file = self.ground.path(name);
        let (code, out, said) = self.export("staff.token", &file);
        assert_eq!(code, Some(0), "{said}");
        let text = std::fs::read_to_string(file).expect("written");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        assert!(out.starts_with(&format!("{} entries are in ", lines.len())), "{out}");
        lines
    }

    /// How many entries the chain vouches for, once they are so many.
    async fn anchored(&self, did: &Did, least: usize) -> usize {
        let began = Instant::now();
        loop {
            let key = RecordKey::LogAnchor(did.clone(), audit::log_name());
            let proven = self.ground.chain.proven_one(key).await.expect("evidence");
            let entries = match proven.record() {
                Some(Record::LogAnchor(record)) => usize::try_from(record.entries).expect("few"),
                _ => 0,
            };
            if entries >= least {
                return entries;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{entries} of {least} are anchored");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The DID of somebody who never was on the chain.
fn another() -> Did {
    let key = SoftwareSigner::from_seed(&[9; 32]).expect("a key").public_key();
    let document = organisation_document(&key, &[], vec![]);
    DidPlan { document, salt: [9; 16], recovery_commitment: recovery_commitment(&key) }.did(&slug("anhui"))
}

fn slug(text: &str) -> Slug {
    Slug::new(text).expect("a name")
}

/// One citizen after the other applies and collects, until nobody answers any more.
async fn collecting(network: Arc<Network>) -> Vec<Story> {
    let mut stories = vec![Story::default()];
    loop {
        let Some(story) = stories.iter_mut().find(|story| !story.was_received()) else {
            stories.push(Story::default());
            continue;
        };
        if story.go_on(&network).await.is_err() {
            return stories;
        }
    }
}

/// One who has collected. After a restore it may take until the next status list is open.
async fn collected(network: &Network) -> Story {
    let (mut story, began) = (Story::default(), Instant::now());
    while !story.was_received() {
        let went = story.go_on(network).await;
        assert!(went.is_ok() || began.elapsed() < Duration::from_secs(60), "it doesn't issue");
        if went.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    story
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_run_an_issuer_and_it_goes_on_after_a_kill_and_from_its_backup() {
    let (code, out, _) = ended(&mut huizheng(["issuer", "config"]));
    assert_eq!((code, out.as_str()), (Some(0), issuer::settings::EXAMPLE));
    let office = Office::make(None).await;
    what_cannot_be_used_is_named(&office);

    let (process, did) = office.start().await;
    office.accredit(&did).await;
    let network = Arc::new(office.network(&did));
    let licence = collected(&network).await;
    // The counter's judge is in the process: what is presented becomes an application, what is not genuine is refused.
    licence.becomes_a_tax_registration(&network).await;

    // Backed up while citizens collect; killed while they do; all that was acknowledged is there.
    let at_work: Vec<_> = (0..CITIZENS).map(|_| tokio::spawn(collecting(network.clone()))).collect();
    tokio::time::sleep(moment(300, 500)).await;
    let to = office.ground.path("backup");
    let backup = to.to_string_lossy().into_owned();
    let (code, out, said) = office.issuer("backup", &["--to", &backup]);
    assert!(code == Some(0) && out.contains(&format!("rows of {did} are in {backup}")), "{out} {said}");
    let (code, _, said) = office.issuer("backup", &["--to", &backup]);
    assert!(code == Some(1) && said.contains("is there already"), "{said}");
    tokio::time::sleep(moment(301, 500)).await;
    process.kill();
    let (process, again) = office.start().await;
    assert_eq!(again, did);
    licence.must_be_there(&network).await;
    let mut finished = 0;
    for citizens in at_work {
        for mut story in citizens.await.expect("no answer was wrong") {
            story.must_be_there(&network).await;
            finished += usize::from(story.was_received());
            while !story.was_received() {
                story.go_on(&network).await.expect("everything can be finished");
            }
        }
    }
    assert!(finished > CITIZENS, "it had work to do: {finished}");
    let entries = office.log("killed.jsonl").len();
    office.anchored(&did, entries).await;
    let (code, out, said) = office.verify(&did, &office.ground.path("killed.jsonl"));
    assert!(code == Some(0) && out.contains("the log is whole"), "{out} {said}");

    // Its disk is lost. From the back-up it is the same, and the chain remembers what the back-up doesn't.
    process.kill();
    let (code, _, said) = office.issuer("restore", &["--from", &backup]);
    assert!(code == Some(1) && said.contains("restore where nothing is"), "{said}");
    std::fs::rename(office.ground.path("data"), office.ground.path("lost")).expect("lost");
    let (code, out, said) = office.issuer("restore", &["--from", &backup]);
    assert!(code == Some(0) && out.contains(&format!("rows of {did} are in place")), "{out} {said}");
    let (process, again) = office.start().await;
    assert_eq!(again, did, "the same issuer");
    licence.must_be_there(&network).await;
    assert!(office.log("restored.jsonl").len() < entries);
    let (code, _, said) = office.verify(&did, &office.ground.path("restored.jsonl"));
    assert!(code == Some(1) && said.contains("the end is cut off"), "{said}");
    collected(&network).await.must_be_there(&network).await;
    let (code, log) = process.stop().await;
    assert_eq!(code, Some(0), "{log:?}");
    office.shutdown().await;
}

/// What can't be used is said before anything starts.
fn what_cannot_be_used_is_named(office: &Office) {
    let sound = std::fs::read_to_string(office.ground.path("issuer.toml")).expect("written");
    for (wrong, named) in [
        (sound.replace("[policy]", "[policy]\nno_such_setting = 1"), "no_such_setting"),
        (sound.replace("\"business-licence\", ", "\"library-card\", "), "library-card"),
        (sound.replace("name = \"name\" }", "name = \"title\" }"), "one_stop for `tax-registration`"),
        (sound.replace("staff.token", "nobodys.token"), "staff.token_file"),
    ] {
        assert_ne!(wrong, sound, "{named}");
        let file = office.ground.write("wrong.toml", &wrong);
        let (code, _, said) = ended(huizheng(["issuer", "run", "--config"]).arg(file));
        assert!(code == Some(1) && said.contains(named), "{named}: {said}");
    }
    let (code, _, said) = office.issuer("backup", &["--to", "nowhere"]);
    assert!(code == Some(1) && said.contains("nothing ran here yet"), "{said}");
    assert_eq!(ended(&mut huizheng(["issuer", "start"])).0, Some(2), "no such command");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn auditors_export_the_log_and_find_what_was_done_to_it() {
    let office = Office::make(None).await;
    let (process, did) = office.start().await;
    office.accredit(&did).await;
    let network = office.network(&did);
    for _ in 0..3 {
        collected(&network).await;
    }

    let file = office.ground.path("audit.jsonl");
    let (code, _, said) = office.export("clerk.token", &file);
    assert!(code == Some(1) && said.contains("a token that may read the log"), "{said}");
    assert!(!file.exists(), "nothing is left that looks like an export");
    let lines = office.log("audit.jsonl");
    let (code, _, said) = office.export("staff.token", &file);
    assert!(code == Some(1) && said.contains("a file that isn't there yet"), "{said}");
    office.anchored(&did, lines.len()).await;
    // What came since: as much as the chain vouches for must be in an export.
    let file = office.ground.path("whole.jsonl");
    let lines = office.log("whole.jsonl");
    let (code, out, said) = office.verify(&did, &file);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("the log is whole") && out.contains("which the chain can't vouch for yet"), "{out}");

    let at = |what: &str| {
        let named = format!("\"what\":\"{what}\"");
        lines.iter().position(|line| line.contains(&named)).unwrap_or_else(|| panic!("{what}: {lines:?}"))
    };
    let approved = at("application-approved");
    let tampered = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let (code, out, said) = office.verify(&did, &office.ground.write("tampered.jsonl", &text));
        assert!(code == Some(1) && out.is_empty(), "{code:?} {out}");
        said
    };
    let altered = tampered(&|lines| {
        lines[approved] = lines[approved].replace("application-approved", "application-rejected");
    });
    assert!(altered.contains(&format!("line {}: the entry was altered", approved + 1)), "{altered}");
    assert!(altered.contains("compare it with an export from the service itself"), "{altered}");
    let removed = tampered(&|lines| drop(lines.remove(approved)));
    assert!(removed.contains("entries were taken out before it"), "{removed}");
    let inserted = tampered(&|lines| lines.insert(approved, lines[approved - 1].clone()));
    assert!(inserted.contains("an entry was put in"), "{inserted}");
    let edited = tampered(&|lines| lines[approved].push(' '));
    assert!(edited.contains("no entry in the form that the log writes"), "{edited}");
    let cut = tampered(&|lines| lines.truncate(approved));
    assert!(cut.contains("the end is cut off") && cut.contains("export it again"), "{cut}");
    let (code, _, said) = office.verify(&another(), &file);
    assert!(code == Some(1) && said.contains("not this DID's") && said.contains("--did"), "{said}");
    assert_eq!(process.stop().await.0, Some(0));
    office.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_with_a_certificate_answers_tls_alone() {
    let key = rcgen::KeyPair::generate().expect("a key");
    let named = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
    let certificate = named.self_signed(&key).expect("signed");
    let files = "[tls]\ncertificate_file = \"server.pem\"\nkey_file = \"server.key\"";
    let mut office = Office::make(Some(files)).await;
    office.ground.write("server.pem", &testkit::pem("CERTIFICATE", certificate.der()));
    office.ground.write_secret("server.key", &testkit::pem("PRIVATE KEY", &key.serialize_der()));
    let stranger = office.http.clone();
    let trusted = reqwest::Certificate::from_der(certificate.der()).expect("a certificate");
    let builder = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
    office.http = builder.add_root_certificate(trusted).build().expect("a client");

    let (process, _) = office.start().await;
    let url = format!("{}/.well-known/openid-credential-issuer", office.base);
    let told = office.http.get(&url).send().await.expect("answers").text().await.expect("whole");
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["credential_issuer"], office.base.as_str());
    let claims = testkit::Company::nth(0).business_licence_claims();
    let applied = office
        .http
        .post(format!("{}/api/applications", office.base))
        .header("content-type", "application/json")
        .body(json!({"type": "business-licence", "claims": claims}).to_string());
    assert_eq!(applied.send().await.expect("answers").status(), 201);
    stranger.get(&url).send().await.expect_err("a certificate that nobody knows");
    let clear = url.replace("https://", "http://");
    stranger.get(&clear).send().await.expect_err("nothing in the clear");
    assert_eq!(process.stop().await.0, Some(0));
    office.shutdown().await;
}
