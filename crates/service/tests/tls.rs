//! A server that answers TLS alone.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use reqwest::{Certificate, Client};
use service::{Layers, Server, Tls};
use testkit::pem;

/// A certificate for `localhost` that signs itself, and the files a server reads it from.
struct Files {
    folder: tempfile::TempDir,
    certificate: rcgen::Certificate,
}

impl Files {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("signed");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("server.pem"), pem("CERTIFICATE", certificate.der()))
            .expect("written");
        std::fs::write(folder.path().join("server.key"), pem("PRIVATE KEY", &key.serialize_der()))
            .expect("written");
        Self { folder, certificate }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self, certificate: &str, key: &str) -> Result<Tls, service::TlsError> {
        Tls::load(&self.path(certificate), &self.path(key))
    }
}

fn client(trusted: Option<&Files>) -> Client {
    let provider = rustls::crypto::ring::default_provider();
    // Another test of this process may have been first.
    drop(provider.install_default());
    let builder = Client::builder().timeout(Duration::from_secs(5));
    let root = trusted.map(|files| Certificate::from_der(files.certificate.der()).expect("DER"));
    root.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate).build().expect("a client")
}

#[tokio::test]
async fn it_answers_who_knows_its_certificate_and_nobody_in_the_clear() {
    let files = Files::new();
    let tls = files.load("server.pem", "server.key").expect("they belong together");
    let router = Layers::default().wrap(Router::new().route("/", get(|| async { "answered" })));
    let listening = Server::listen("127.0.0.1:0".parse().expect("an address")).await.expect("binds");
    let server = listening.with_tls(Some(tls)).serve(router);
    assert!(server.base_url().starts_with("https://"));
    let port = server.addr().port();
    let url = format!("https://localhost:{port}/");

    let answer = client(Some(&files)).get(&url).send().await.expect("answers");
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.text().await.expect("a body"), "answered");
    client(None).get(&url).send().await.expect_err("a stranger's certificate is not believed");
    client(None).get(format!("http://localhost:{port}/")).send().await.expect_err("nothing in the clear");
    server.shutdown().await;
}

#[test]
fn what_does_not_belong_together_is_refused_with_the_files_name() {
    let (one, other) = (Files::new(), Files::new());
    std::fs::copy(other.path("server.key"), one.path("others.key")).expect("copied");
    std::fs::write(one.path("empty.pem"), "").expect("written");
    for (certificate, key, named) in [
        ("server.pem", "others.key", "server.pem"),
        ("missing.pem", "server.key", "missing.pem"),
        ("empty.pem", "server.key", "empty.pem"),
        ("server.pem", "server.pem", "server.pem"),
    ] {
        let refused = one.load(certificate, key).expect_err("refused");
        assert!(refused.to_string().contains(named), "{refused}");
    }
}
