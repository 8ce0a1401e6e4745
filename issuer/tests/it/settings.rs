//! `issuer.toml`, as operators write it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use issuer::model::{Role, Roles};
use issuer::{Citizens, Config, Issuer, SettingsError, settings};

use crate::http::Http;
use crate::world::World;

struct Folder(tempfile::TempDir);

impl Folder {
    /// The example, and the files it names.
    fn of(world: &World, text: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("issuer.toml", text, 0o644);
        folder.write("anchor.json", &serde_json::to_string(&world.config.anchor).expect("JSON"), 0o644);
        for secret in ["database.url", "li-na.token", "login.secret", "console.secret"] {
            folder.write(secret, "postgres:///a-secret-of-more-than-thirty-two-characters\n", 0o600);
        }
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("signed");
        folder.write("server.pem", &testkit::pem("CERTIFICATE", certificate.der()), 0o644);
        folder.write("server.key", &testkit::pem("PRIVATE KEY", &key.serialize_der()), 0o600);
        folder
    }

    fn write(&self, name: &str, content: &str, mode: u32) {
        let path = self.path(name);
        std::fs::write(&path, content).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, environment: &[(&str, &str)]) -> Result<Config, SettingsError> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(&self.path("issuer.toml"), environment)
    }
}

#[tokio::test]
async fn the_example_starts_an_issuer_and_says_what_counts_otherwise() {
    let world = World::start().await;
    let folder = Folder::of(&world, settings::EXAMPLE);
    let node = world.config.node_url.to_string();
    let config = folder.load(&[
        ("HUIZHENG_ISSUER_NODE_URL", &node),
        ("HUIZHENG_ISSUER_LISTEN", "127.0.0.1:0"),
        ("HUIZHENG_ISSUER_POLICY__BATCH_SIZE", "3"),
    ]);
    let config = config.expect("the example can be used");
    assert_eq!(config.policy.batch_size, 3, "the environment wins");
    assert_eq!(config.data_dir, folder.path("data"), "paths begin at the file");
    let issuer = Issuer::bind(config).await.expect("starts");
    assert_eq!(issuer.base_url(), "https://licences.example");
    let here = Http::new(&format!("http://{}", issuer.address()));
    assert_eq!(here.get("/health/ready", None).await.status, 200);
    issuer.shutdown().await;
    world.stop().await;
}

#[tokio::test]
async fn every_setting_that_the_example_names_is_one_and_its_value_is_the_usual_one() {
    let world = World::start().await;
    let folder = Folder::of(&world, &testkit::every_setting(settings::EXAMPLE));
    let config = folder.load(&[]).expect("all of it can be used");
    assert_eq!(format!("{:?}", config.policy), format!("{:?}", issuer::Policy::default()));
    assert_eq!(config.operators, Some("127.0.0.1:7191".parse().expect("an address")));
    assert_eq!(config.staff[0].token.name, "Li Na");
    assert_eq!(config.wallets[0].client_id, "cn.huizheng.wallet");
    assert!(matches!(&config.citizens, Citizens::OpenIdConnect(oidc) if oidc.client.client_id == "licences"));
    let login = config.staff_login.as_ref().expect("a provider");
    assert_eq!((login.name_claim.as_str(), login.roles_claim.as_str()), ("preferred_username", "groups"));
    assert_eq!(login.roles["licence_heads"], Roles::of(&[Role::Clerk, Role::Supervisor]));
    assert_eq!((config.one_stop.len(), config.one_stop[0].approval), (1, issuer::Approval::AtOnce));
    assert!(config.judge.is_none(), "whoever puts the service together brings it");
    let unjudged = issuer::Issuer::bind(config.clone()).await.map(|_| ()).expect_err("nobody judges");
    assert!(unjudged.to_string().contains("one_stop"), "{unjudged}");
    assert!(config.tls.is_some() && !config.vc_api && !config.demonstration);
    let shown = format!("{config:?}");
    assert!(config.database.is_some_and(|database| database.schema == "licences"));
    assert!(!shown.contains("a-secret-of"), "no secret is shown: {shown}");
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_no_secret_is_said() {
    let world = World::start().await;
    let refused = |change: &dyn Fn(&Folder)| {
        let folder = Folder::of(&world, &testkit::every_setting(settings::EXAMPLE));
        change(&folder);
        let error = folder.load(&[]).expect_err("refused").to_string();
        assert!(!error.contains("a-secret-of"), "{error}");
        error
    };
    let missing =
        |name: &'static str| move |folder: &Folder| std::fs::remove_file(folder.path(name)).expect("gone");
    assert!(refused(&missing("anchor.json")).contains("anchor_file"));
    assert!(refused(&missing("server.key")).contains("server.key"));
    assert!(refused(&missing("li-na.token")).contains("staff.token_file"));
    assert!(refused(&|folder| folder.write("anchor.json", "{}", 0o644)).contains("anchor_file"));
    let shown = refused(&|folder| folder.write("database.url", "postgres:///a-secret-of-ours", 0o644));
    assert!(shown.contains("database.address_file") && shown.contains("600"), "{shown}");
    let short = refused(&|folder| folder.write("li-na.token", "short", 0o600));
    assert!(short.contains("32"), "{short}");
    let unknown = refused(&|folder| append(&folder.path("issuer.toml"), "no_such_setting = 1\n"));
    assert!(unknown.contains("no_such_setting"), "{unknown}");
    world.stop().await;
}

#[tokio::test]
async fn the_vc_api_is_off_until_a_setting_says_otherwise() {
    let world = World::start().await;
    let node = world.config.node_url.to_string();
    let folder = Folder::of(&world, settings::EXAMPLE);
    for (on, status) in [("false", 404), ("true", 200)] {
        let config = folder.load(&[
            ("HUIZHENG_ISSUER_NODE_URL", &node),
            ("HUIZHENG_ISSUER_LISTEN", "127.0.0.1:0"),
            ("HUIZHENG_ISSUER_VC_API", on),
        ]);
        let issuer = Issuer::bind(config.expect("read")).await.expect("starts");
        let here = Http::new(&format!("http://{}", issuer.address()));
        assert_eq!(here.get("/instances", None).await.status, status, "vc_api = {on}");
        issuer.shutdown().await;
    }
    world.stop().await;
}

#[tokio::test]
async fn settings_that_would_give_tokens_away_are_refused_before_anything_starts() {
    let world = World::start().await;
    let node = world.config.node_url.to_string();
    let folder = Folder::of(&world, settings::EXAMPLE);
    for (name, setting, value, words) in [
        (
            "tokens_that_count_long",
            "POLICY__TOKEN_LIFETIME_S",
            "301",
            "token_lifetime_s must be from 1 to 300",
        ),
        (
            "tokens_that_never_count",
            "POLICY__TOKEN_LIFETIME_S",
            "0",
            "token_lifetime_s must be from 1 to 300",
        ),
        ("in_the_clear", "BASE_URL", "http://licences.example", "base_url"),
        ("in_the_clear_by_number", "BASE_URL", "http://192.0.2.7:7101", "base_url"),
    ] {
        let setting = format!("HUIZHENG_ISSUER_{setting}");
        let config = folder.load(&[
            ("HUIZHENG_ISSUER_NODE_URL", &node),
            ("HUIZHENG_ISSUER_LISTEN", "127.0.0.1:0"),
            (&setting, value),
        ]);
        let refused = Issuer::bind(config.expect("read")).await.map(|_| ()).expect_err(name).to_string();
        assert!(refused.contains(words), "{name}: {refused}");
        assert!(!folder.path("data").join("keys").exists(), "{name}: nothing was made");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_configured_issuer_says_of_nobody_that_she_is_made_up_and_fills_in_no_example() {
    let world = World::start().await;
    let node = world.config.node_url.to_string();
    let folder = Folder::of(&world, settings::EXAMPLE);
    for setting in [None, Some(("HUIZHENG_ISSUER_DEMONSTRATION", "true"))] {
        let usual = [("HUIZHENG_ISSUER_NODE_URL", node.as_str()), ("HUIZHENG_ISSUER_LISTEN", "127.0.0.1:0")];
        let environment: Vec<_> = usual.into_iter().chain(setting).collect();
        let issuer = Issuer::bind(folder.load(&environment).expect("read")).await.expect("starts");
        let here = Http::new(&format!("http://{}", issuer.address()));
        let demonstrates = setting.is_some();
        for path in ["/", "/apply/business-licence", "/console/sign-in"] {
            for (lang, words) in [("zh-CN", "均为虚构"), ("en", "is invented")] {
                let page = here.get_with(path, &[("accept-language", lang.to_owned())]).await.text();
                assert_eq!(page.contains(words), demonstrates, "{path} {lang}: {page}");
            }
        }
        for (path, words) in [
            ("/apply/business-licence", "填入示例"),
            ("/apply/business-licence?example=1", "合肥徽光软件有限公司"),
        ] {
            let page = here.get_with(path, &[("accept-language", "zh-CN".to_owned())]).await.text();
            assert_eq!(page.contains(words), demonstrates, "{path}: {page}");
        }
        issuer.shutdown().await;
    }
    world.stop().await;
}

fn append(path: &Path, text: &str) {
    let before = std::fs::read_to_string(path).expect("read");
    std::fs::write(path, before + text).expect("written");
}
