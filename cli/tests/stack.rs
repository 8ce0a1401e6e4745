//! A stack comes up, goes down, comes up again; what changed in between reaches the chain.

use cli::govern::{ensure_accredited, ensure_purpose};
use cli::stack::{Ports, Stack, StackConfig, StackError};
use cli::urls::Urls;
use registry::{LocalText, Record, RecordKey};

#[tokio::test(flavor = "multi_thread")]
async fn later_starts_submit_only_what_is_missing_or_changed() {
    let dir = tempfile::tempdir().expect("dir");
    let config = StackConfig::new(dir.path(), Ports::Any).expect("config");
    let first = Stack::start(config.clone()).await.expect("starts");
    assert!(first.is_new());
    let urls = first.urls().clone();
    assert_eq!(Urls::read(&Urls::path_in(dir.path())).expect("written").chain.anchor, urls.chain.anchor);
    let taken = Stack::start(config.clone()).await.err().expect("the folder is taken");
    assert!(matches!(&taken, StackError::InUse(_)), "{taken}");
    let nonce = first.client().next_nonce(&registry::Author::Governance).await.expect("nonce");
    first.shutdown().await;

    let second = Stack::start(config.clone()).await.expect("starts again");
    assert!(!second.is_new());
    let (chain, issuers) = (&second.urls().chain.anchor, &second.urls().issuers);
    assert_eq!(*chain, urls.chain.anchor);
    assert_eq!(issuers["public-security"].did, urls.issuers["public-security"].did);
    assert_eq!(
        (&second.urls().verifier.did, &second.urls().staff_token),
        (&urls.verifier.did, &urls.staff_token)
    );
    let unchanged = second.client().next_nonce(&registry::Author::Governance).await.expect("nonce");
    assert_eq!(unchanged, nonce, "nothing was missing");
    second.shutdown().await;

    let mut config = config;
    config.seed.purposes[0].legal_text = LocalText::new("新的依据", "Another rule");
    let third = Stack::start(config.clone()).await.expect("starts with another purpose");
    let key = RecordKey::Purpose(urls.verifier.did.clone(), config.seed.purposes[0].id.clone());
    let fact = third.client().proven_one(key).await.expect("proven");
    let Some(Record::Purpose(purpose)) = fact.record() else { unreachable!("{fact:?}") };
    assert_eq!(purpose.legal_text.en, "Another rule");
    assert_eq!(purpose.intervals.len(), 2, "the old one ended, the new one began");

    let issuer = &urls.issuers["market-supervision"];
    let renamed = LocalText::new("合肥市市场监管局", "Hefei Market Supervision");
    let (client, governance) = (third.client(), third.governance());
    let kind = &issuer.credential_types[0];
    assert!(ensure_accredited(client, governance, &issuer.did, kind, &renamed).await.expect("renamed"));
    assert!(!ensure_accredited(client, governance, &issuer.did, kind, &renamed).await.expect("known"));
    let draft = config.seed.purposes[0].draft(&urls.verifier.did, &urls.verifier.name, fact.time());
    assert!(!ensure_purpose(client, governance, &draft).await.expect("known"));
    third.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_says_what_to_do() {
    let dir = tempfile::tempdir().expect("dir");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = taken.local_addr().expect("address").port();
    let config = StackConfig::new(dir.path(), Ports::From(base)).expect("config");
    let error = Stack::start(config).await.err().expect("refused");
    assert!(matches!(error, StackError::Bind(_)), "{error}");
    assert!(error.todo().contains("--port-base"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_ports_and_data_work_again_at_once() {
    let dir = tempfile::tempdir().expect("dir");
    let config = StackConfig::new(dir.path(), Ports::From(testkit::free_ports(8))).expect("config");
    let mut before: Option<Urls> = None;
    for round in ["first", "second", "third"] {
        let stack = Stack::start(config.clone()).await.unwrap_or_else(|error| panic!("{round}: {error}"));
        let urls = stack.urls().clone();
        if let Some(before) = &before {
            assert_eq!((&before.verifier.url, &before.phone.url), (&urls.verifier.url, &urls.phone.url));
        }
        // Connections that are open at the stop linger on the service's side of them.
        let http = service::outbound::client(std::time::Duration::from_secs(20));
        for url in
            [&urls.chain.url, &urls.verifier.url, &urls.phone.url, &urls.issuers["market-supervision"].url]
        {
            http.get(format!("{url}/health/live")).send().await.expect("answers");
        }
        stack.shutdown().await;
        before = Some(urls);
    }
}
