//! Starting: what is made once, what survives, what is refused.

use verifier::{Policy, StartError, Verifier};

use crate::stack::{Counter, Issuer, Lies, Network, Phone, TOKEN};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_identity_requests_and_decisions_and_forgets_the_claims() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let counter = Counter::start(&network).await;
    let (did, phone) = (counter.running.did().clone(), Phone::new());
    let card = market.licence(&phone, 3, 1);
    let answered = counter.ask("open-account").await;
    assert_eq!(phone.answer(&answered.request_uri, &card, Lies::default()).await.status, 200);
    let open = counter.ask("open-account").await;
    let before = phone.fetch(&open.request_uri).await;
    counter.running.shutdown().await;

    let counter = Counter::start(&network).await;
    assert_eq!(*counter.running.did(), did);
    let decision = counter.read(&answered.id).await;
    assert_eq!(decision["decision"], "accepted");
    assert_eq!(decision["claims"], serde_json::json!({}), "claims were in memory only");
    let after = phone.fetch(&counter.url(&format!("/requests/{}/object", open.id))).await;
    assert_eq!(after.nonce, before.nonce);
    let reply =
        phone.answer(&counter.url(&format!("/requests/{}/object", open.id)), &card, Lies::default()).await;
    assert_eq!(reply.status, 200);
    let used = counter.url(&format!("/requests/{}/response", answered.id));
    assert_eq!(phone.post_to(&used, "error=access_denied&state=x".into()).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_on_the_disk() {
    let network = Network::start().await;
    let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
    let counter = Counter::start(&network).await;
    let phone = Phone::new();
    let card = market.licence(&phone, 3, 1);
    let asked = counter.ask("open-account").await;
    assert_eq!(phone.answer(&asked.request_uri, &card, Lies::default()).await.status, 200);
    counter.running.shutdown().await;
    let company = testkit::Company::nth(3);
    let mut files = 0;
    let mut open = vec![network.dir.path().join("counter")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        files += 1;
        let bytes = std::fs::read(&path).unwrap();
        for personal in [&company.name, &company.credit_code] {
            let found = bytes.windows(personal.len()).any(|window| window == personal.as_bytes());
            assert!(!found, "{} has {personal}", path.display());
        }
        assert!(!bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()));
    }
    assert!(files > 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_configuration_is_named() {
    let network = Network::start().await;
    let config = || Counter::config(&network, &network.dir.path().join("bad"), Policy::default());
    let refused = async |config| match Verifier::bind(config).await {
        Err(error) => error,
        Ok(_) => panic!("it started"),
    };
    let mut no_purpose = config();
    no_purpose.tenants[0].purposes.clear();
    assert!(matches!(refused(no_purpose).await, StartError::Config(verifier::ConfigError::NoPurpose(_))));
    let mut unknown = config();
    unknown.tenants[0].purposes[0].asks[0].claims.push("shoeSize".into());
    assert!(matches!(refused(unknown).await, StartError::Purpose(verifier::PurposeError::UnknownClaim(..))));
    let mut partial = config();
    partial.tenants[0].purposes[0].asks[0].formats.push(credentials::catalogue::Format::LdpVc);
    assert!(matches!(refused(partial).await, StartError::Purpose(verifier::PurposeError::Partial(..))));
    let mut twice = config();
    let first = twice.tenants[0].purposes[0].clone();
    twice.tenants[0].purposes.push(first);
    assert!(matches!(refused(twice).await, StartError::Config(verifier::ConfigError::Twice(..))));
    let mut plain = config();
    plain.tenants[0].base_url = Some(url::Url::parse("http://bank.example").unwrap());
    assert!(matches!(refused(plain).await, StartError::Address(_)));
    let mut away = config();
    away.node_urls = vec![url::Url::parse("http://127.0.0.1:9").unwrap()];
    assert!(matches!(refused(away).await, StartError::Register(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_is_told_the_end_when_it_stops() {
    let network = Network::start().await;
    let counter = Counter::start(&network).await;
    let asked = counter.ask("open-account").await;
    let url = counter.url(&format!("/api/requests/{}/events", asked.id));
    let mut events = counter.http.get(url).bearer_auth(TOKEN).send().await.unwrap();
    assert!(events.chunk().await.unwrap().is_some(), "the state as it is");
    counter.running.shutdown().await;
    assert_eq!(events.chunk().await.unwrap(), None, "it ends whole, and is not cut off");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_it_answers_tls_and_nothing_else() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let network = Network::start().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let write = |name: &str, text: String| {
        let path = network.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let chain = write("server.pem", testkit::pem("CERTIFICATE", certificate.der()));
    let secret = write("server.key", testkit::pem("PRIVATE KEY", &key.serialize_der()));
    let mut config = Counter::config(&network, &network.dir.path().join("secure"), Policy::default());
    config.tls = Some(service::Tls::load(&chain, &secret).unwrap());
    let port = testkit::free_ports(1);
    config.listen = ([127, 0, 0, 1], port).into();
    config.tenants[0].base_url = Some(format!("https://localhost:{port}").parse().unwrap());
    let running = Verifier::bind(config).await.unwrap();
    let trusted = reqwest::Certificate::from_der(certificate.der()).unwrap();
    let http = reqwest::Client::builder().no_proxy().add_root_certificate(trusted).build().unwrap();
    let page = http.get(format!("{}/sign-in", running.base_url())).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let mut plain = tokio::net::TcpStream::connect(running.address()).await.unwrap();
    plain.write_all(b"GET /sign-in HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    drop(plain.read_to_end(&mut answer).await);
    assert!(!answer.starts_with(b"HTTP"), "in the clear nothing is said");
    running.shutdown().await;
}

#[test]
fn purposes_are_read_from_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let text = r#"
        id = "open-account"
        title = { zh = "开立对公账户", en = "Open a business account" }
        [[asks]]
        credential_type = "business-licence"
        claims = ["name", "creditCode"]
    "#;
    std::fs::write(dir.path().join("b.toml"), text).unwrap();
    std::fs::write(dir.path().join("a.toml"), text.replace("open-account", "first")).unwrap();
    std::fs::write(dir.path().join("readme.txt"), "not a purpose").unwrap();
    let read = verifier::PurposeConfig::load_dir(dir.path()).unwrap();
    assert_eq!(read.iter().map(|purpose| purpose.id.as_str()).collect::<Vec<_>>(), ["first", "open-account"]);
    std::fs::write(dir.path().join("c.toml"), "id = 1").unwrap();
    let error = verifier::PurposeConfig::load_dir(dir.path()).unwrap_err().to_string();
    assert!(error.contains("c.toml"), "{error}");
}
