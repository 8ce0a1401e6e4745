//! `verifier.toml`, as operators write it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use verifier::{Config, KnownBy, Policy, Scope, SettingsError, VcApiConfig, Verifier, settings};

use crate::stack::{Counter, Network};

const POLICY: &str = r#"
    id = "open-account"
    title = { zh = "开立对公账户", en = "Open a business account" }
    [[asks]]
    credential_type = "business-licence"
    claims = ["name", "creditCode"]
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    /// These settings, and the files that the example names.
    fn of(network: &Network, text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("verifier.toml", text, 0o644);
        folder.write("anchor.json", &serde_json::to_string(&network.anchor).unwrap(), 0o644);
        std::fs::create_dir(folder.path("policies")).unwrap();
        folder.write("policies/open-account.toml", POLICY, 0o644);
        for secret in ["database.url", "counter-3.token", "loans.key"] {
            folder.write(secret, "postgres:///a-secret-of-more-than-thirty-two-characters\n", 0o600);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        folder.write("server.pem", &testkit::pem("CERTIFICATE", certificate.der()), 0o644);
        folder.write("server.key", &testkit::pem("PRIVATE KEY", &key.serialize_der()), 0o600);
        folder
    }

    fn write(&self, name: &str, content: &str, mode: u32) {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, environment: &[(&str, &str)]) -> Result<Config, SettingsError> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(&self.path("verifier.toml"), environment)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_starts_a_verifier_and_says_what_counts_otherwise() {
    let network = Network::start().await;
    let folder = Folder::of(&network, settings::EXAMPLE);
    let node = format!("[\"{}\"]", network.node_url);
    let config = folder.load(&[
        ("HUIZHENG_VERIFIER_NODE_URLS", &node),
        ("HUIZHENG_VERIFIER_LISTEN", "127.0.0.1:0"),
        ("HUIZHENG_VERIFIER_POLICY__RESULT_LIFETIME_S", "30"),
        ("HUIZHENG_VERIFIER_TENANTS__BANK__BASE_URL", "https://bank.example"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.policy.result_lifetime.as_secs(), 30, "the environment wins");
    assert_eq!(config.data_dir, folder.path("data"), "paths begin at the file");
    Verifier::check(&config).unwrap();
    let counter = Counter::of(Verifier::bind(config).await.unwrap());
    assert_eq!(counter.running.base_url(), "https://bank.example");
    let ready = format!("http://{}/health/ready", counter.running.address());
    assert_eq!(counter.http.get(ready).send().await.unwrap().status(), 200);
    counter.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_that_the_example_names_is_one_and_its_value_is_the_usual_one() {
    let network = Network::start().await;
    let folder = Folder::of(&network, &testkit::every_setting(settings::EXAMPLE));
    let config = folder.load(&[]).unwrap();
    assert_eq!(format!("{:?}", config.policy), format!("{:?}", Policy::default()));
    assert_eq!(config.operators, Some("127.0.0.1:7196".parse().unwrap()));
    assert_eq!(config.peer_url, Some("http://10.0.0.6:7196".parse().unwrap()));
    assert_eq!(config.node_urls.len(), 1);
    assert_eq!(config.anchor, network.anchor);
    assert!(config.tls.is_some());
    let [bank] = &config.tenants[..] else { panic!("one tenant") };
    assert_eq!((bank.id.as_str(), bank.name.en.as_str()), ("bank", "Example Bank"));
    assert_eq!(bank.purposes[0].id.as_str(), "open-account");
    assert_eq!(bank.policies_dir, Some(folder.path("policies")));
    assert_eq!(bank.staff[0].name, "Counter 3");
    let key = &bank.api_keys[0];
    assert_eq!((key.account.name.as_str(), &key.scopes[..]), ("loans", &[Scope::Ask, Scope::Verify][..]));
    assert_eq!(key.webhooks, ["https://loans.example".parse().unwrap()]);
    let shown = format!("{config:?}");
    assert!(!shown.contains("a-secret-of"), "no secret is shown: {shown}");
    assert_eq!(config.vc_api, Some(VcApiConfig::default()), "no host is asked for did:web");
    assert!(!config.demonstration);
    assert_eq!(config.database.unwrap().schema, "counter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_counter_says_of_nobody_that_she_is_made_up() {
    let network = Network::start().await;
    let folder = Folder::of(&network, settings::EXAMPLE);
    let node = format!("[\"{}\"]", network.node_url);
    for setting in [None, Some(("HUIZHENG_VERIFIER_DEMONSTRATION", "true"))] {
        let usual =
            [("HUIZHENG_VERIFIER_NODE_URLS", node.as_str()), ("HUIZHENG_VERIFIER_LISTEN", "127.0.0.1:0")];
        let environment: Vec<_> = usual.into_iter().chain(setting).collect();
        let counter = Counter::of(Verifier::bind(folder.load(&environment).unwrap()).await.unwrap());
        let page = format!("http://{}/sign-in", counter.running.address());
        for (lang, words) in [("zh-CN", "均为虚构"), ("en", "is invented")] {
            let page = counter.http.get(&page).header("accept-language", lang).send().await.unwrap();
            let page = page.text().await.unwrap();
            assert_eq!(page.contains(words), setting.is_some(), "{lang}: {page}");
        }
        counter.running.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vc_api_is_off_until_a_setting_says_otherwise() {
    let network = Network::start().await;
    let folder = Folder::of(&network, settings::EXAMPLE);
    let node = format!("[\"{}\"]", network.node_url);
    let hosts = ("HUIZHENG_VERIFIER_VC_API__DID_WEB_HOSTS", "[\"issuer.example\"]");
    for (more, status) in [(None, 404), (Some(hosts), 400)] {
        let usual =
            [("HUIZHENG_VERIFIER_NODE_URLS", node.as_str()), ("HUIZHENG_VERIFIER_LISTEN", "127.0.0.1:0")];
        let environment: Vec<_> = usual.into_iter().chain(more).collect();
        let config = folder.load(&environment).unwrap();
        let allowed = more.map(|_| VcApiConfig { did_web_hosts: vec!["issuer.example".to_owned()] });
        assert_eq!(config.vc_api, allowed);
        let counter = Counter::of(Verifier::bind(config).await.unwrap());
        let url = format!("http://{}/credentials/verify", counter.running.address());
        let answer = counter.http.post(url).json(&serde_json::json!({})).send().await.unwrap();
        assert_eq!(answer.status(), status, "{more:?}");
        counter.running.shutdown().await;
    }
}

/// Each setting of `[policy]` given another value than the usual one: none is read and then forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn every_period_and_size_can_be_set() {
    let network = Network::start().await;
    let text = settings::EXAMPLE.replace(
        "[policy]\n",
        "[policy]\nrequest_lifetime_s = 1\nresult_lifetime_s = 2\nbinding_max_age_s = 3\nevidence_max_age_s = 4\n\
         trusted_proxies = 5\nencrypted_responses = false\nknown_by = \"x509_hash\"\nshown_bytes = 6\n\
         asked_per_minute = 7\nanswered_per_minute = 8\naudit_anchored_every_s = 9\nwebhook_tries = 10\n\
         webhook_delay_s = 11\nwebhook_timeout_s = 12\nloopback_webhooks = true\njournal_kept_s = 13\n\
         on_screen_s = 14\n",
    );
    let policy = Folder::of(&network, &text).load(&[]).unwrap().policy;
    let seconds =
        [policy.request_lifetime, policy.result_lifetime, policy.binding_max_age, policy.evidence_max_age];
    assert_eq!(seconds.map(|time| time.as_secs()), [1, 2, 3, 4]);
    assert_eq!(policy.on_screen.as_secs(), 14);
    assert_eq!((policy.trusted_proxies, policy.encrypted_responses), (5, false));
    assert_eq!((policy.known_by, policy.shown_bytes), (KnownBy::X509Hash, 6));
    assert_eq!((policy.asked_per_minute, policy.answered_per_minute), (7, 8));
    let account = policy.account;
    let seconds =
        [account.audit_anchored_every, account.webhook_delay, account.webhook_timeout, account.journal_kept];
    assert_eq!(seconds.map(|time| time.as_secs()), [9, 11, 12, 13]);
    assert_eq!((account.webhook_tries, account.loopback_webhooks), (10, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_named_and_no_secret_is_said() {
    let network = Network::start().await;
    let all = testkit::every_setting(settings::EXAMPLE);
    let refused = |text: &str, change: &dyn Fn(&Folder)| {
        let folder = Folder::of(&network, text);
        change(&folder);
        let error = match folder.load(&[]) {
            Err(error) => error.to_string(),
            Ok(config) => Verifier::check(&config).unwrap_err().to_string(),
        };
        assert!(!error.contains("a-secret-of"), "{error}");
        error
    };
    let missing =
        |name: &'static str| move |folder: &Folder| std::fs::remove_file(folder.path(name)).unwrap();
    for (name, says) in [
        ("anchor.json", "anchor_file"),
        ("server.key", "server.key"),
        ("database.url", "database.address_file"),
        ("counter-3.token", "tenants.staff.token_file"),
        ("loans.key", "tenants.api_keys.key_file"),
    ] {
        let error = refused(&all, &missing(name));
        assert!(error.contains(says), "{name}: {error}");
    }
    for (name, content, mode, says) in [
        ("anchor.json", "{}", 0o644, "anchor_file"),
        ("database.url", "postgres:///a-secret-of-ours", 0o644, "600"),
        ("loans.key", "a-secret-of-more-than-thirty-two-characters", 0o640, "600"),
        ("counter-3.token", "short", 0o600, "32"),
        ("policies/open-account.toml", "id = 1", 0o644, "policies_dir"),
        ("policies/open-account.toml", &POLICY.replace("creditCode", "shoeSize"), 0o644, "shoeSize"),
    ] {
        let error = refused(&all, &|folder| folder.write(name, content, mode));
        assert!(error.contains(says), "{name}: {error}");
    }
    for (from, to, says) in [
        ("listen = ", "no_such_setting = 1\nlisten = ", "no_such_setting"),
        ("[policy]", "[policy]\nno_such_period_s = 1", "no_such_period_s"),
        ("[tenants.bank]", "[tenants.bank]\nno_such_right = true", "no_such_right"),
        ("[tenants.bank]", "[tenants.Bank]", "tenants"),
        ("listen = ", "# listen = ", "listen"),
        ("operators = ", "# operators = ", "peer_url"),
        ("node_urls = [\"http://127.0.0.1:7100\"]", "node_urls = []", "node_urls"),
        ("https://counter.example", "https://counter.example/path", "base_url"),
        ("\"ask\", \"verify\"", "\"ask\", \"everything\"", "everything"),
        ("request_lifetime_s = 300", "request_lifetime_s = 0", "request_lifetime"),
        ("on_screen_s = 120", "on_screen_s = 0", "on_screen"),
        ("evidence_max_age_s = 120", "evidence_max_age_s = 86401", "evidence_max_age"),
        ("示例银行", "", "name"),
        (
            "name = \"Counter 3\"",
            "name = \"key:loans\"",
            "tenants.bank.staff: `key:loans` can't be a clerk's name",
        ),
    ] {
        assert!(all.contains(from), "{from}");
        let error = refused(&all.replace(from, to), &|_| {});
        assert!(error.contains(says), "{to}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_that_cannot_be_told_apart_are_refused() {
    let network = Network::start().await;
    let config = |addresses: &[Option<&str>]| {
        let mut config = Counter::config(&network, &network.dir.path().join("never"), Policy::default());
        config.tenants.clear();
        for (id, address) in ["bank", "tax", "bank"].iter().zip(addresses) {
            let mut tenant = Counter::tenant(id, "a token");
            tenant.base_url = address.map(|text| text.parse().unwrap());
            config.tenants.push(tenant);
        }
        Verifier::check(&config).map_err(|error| error.to_string())
    };
    assert_eq!(config(&[None]), Ok(()), "one alone is reached where it listens");
    let (bank, tax) = (Some("https://bank.example"), Some("https://tax.example"));
    assert_eq!(config(&[bank, tax]), Ok(()));
    assert_eq!(config(&[bank, Some("https://bank.example:8443")]), Ok(()));
    for (addresses, says) in [
        (&[][..], "tenants is empty"),
        (&[bank, None], "tenants.tax.base_url"),
        (&[bank, bank], "tenants.tax.base_url"),
        (&[bank, Some("https://bank.example:443")], "tenants.tax.base_url"),
        (&[bank, tax, Some("https://other.example")], "`bank` is there twice"),
    ] {
        let error = config(addresses).unwrap_err();
        assert!(error.contains(says), "{addresses:?}: {error}");
    }
}
