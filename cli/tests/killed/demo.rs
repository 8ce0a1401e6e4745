//! The demo as a process of its own, and its services over HTTP.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cli::urls::{IssuerUrl, Urls};
use issuer::audit;
use registry::{Record, RecordKey};
use serde_json::Value;
use service::{NodeClient, NodeConfig, outbound};

/// A running demo.
pub(crate) struct Demo {
    process: Starting,
    urls: Urls,
}

/// A demo that may not be ready yet. It is killed when it is dropped.
pub(crate) struct Starting {
    process: Child,
    ready: PathBuf,
}

/// Nobody answers, or not now: what was asked for may have happened or not.
#[derive(Debug)]
pub(crate) struct NotAcknowledged;

/// The services of a running demo.
pub(crate) struct Network {
    http: reqwest::Client,
    pub(crate) urls: Urls,
    pub(crate) chain: NodeClient,
}

impl Demo {
    /// Starts `huizheng demo` on a folder.
    pub(crate) fn begin(folder: &Path) -> Starting {
        let ready = folder.join("ready.json");
        if ready.exists() {
            std::fs::remove_file(&ready).expect("removed");
        }
        let process = Command::new(env!("CARGO_BIN_EXE_huizheng"))
            .args(["demo", "--headless", "--port-base", "0"])
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--urls")
            .arg(&ready)
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        Starting { process, ready }
    }

    /// Starts it and waits until all is ready.
    pub(crate) async fn start(folder: &Path) -> Self {
        let mut starting = Self::begin(folder);
        let began = Instant::now();
        while !starting.ready.exists() {
            let ended = starting.process.try_wait().expect("a process");
            assert!(ended.is_none(), "it ended by itself: {ended:?}");
            assert!(began.elapsed() < Duration::from_secs(120), "it doesn't become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let urls = Urls::read(&starting.ready).expect("addresses");
        Self { process: starting, urls }
    }

    pub(crate) fn network(&self) -> Network {
        Network::of(self.urls.clone())
    }

    /// `kill -9`.
    pub(crate) fn kill(self) {
        self.process.kill();
    }
}

impl Starting {
    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("killed");
        let ended = self.process.wait().expect("ended");
        assert_eq!(ended.code(), None, "it had not ended by itself");
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl Network {
    pub(crate) fn of(urls: Urls) -> Self {
        let chain = NodeConfig::new(urls.chain.url.clone(), urls.chain.anchor.clone());
        Self { http: outbound::client(Duration::from_secs(30)), urls, chain: NodeClient::new(chain) }
    }

    /// Market supervision.
    pub(crate) fn market(&self) -> &IssuerUrl {
        &self.urls.issuers["market-supervision"]
    }

    pub(crate) async fn get(&self, url: &str, bearer: &str) -> Result<(u16, Value), NotAcknowledged> {
        send(self.http.get(url).bearer_auth(bearer)).await
    }

    pub(crate) async fn post(
        &self,
        url: &str,
        bearer: Option<&str>,
        body: &Value,
    ) -> Result<(u16, Value), NotAcknowledged> {
        let request = self.http.post(url).header("content-type", "application/json").body(body.to_string());
        send(match bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// No kill left a gap in an issuer's audit log, and what the chain vouches for is in it.
    pub(crate) async fn audit_logs_are_whole(&self) {
        for issuer in self.urls.issuers.values() {
            let mut lines = String::new();
            loop {
                let url = format!("{}/api/audit?after={}", issuer.url, lines.lines().count());
                let more =
                    self.http.get(url).bearer_auth(&self.urls.staff_token).send().await.expect("an answer");
                let more = more.error_for_status().expect("the log").text().await.expect("whole");
                if more.is_empty() {
                    break;
                }
                lines.push_str(&more);
            }
            let key = RecordKey::LogAnchor(issuer.did.clone(), audit::log_name());
            let proven = self.chain.proven_one(key).await.expect("evidence");
            let anchor = match proven.record() {
                Some(Record::LogAnchor(record)) => Some(record),
                _ => None,
            };
            audit::check(lines.as_bytes(), &issuer.did, anchor).expect("the log is whole");
        }
    }

    pub(crate) async fn post_form(&self, url: &str, form: String) -> Result<(u16, Value), NotAcknowledged> {
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        send(request.body(form)).await
    }
}

/// The status and the JSON of an answer that came whole.
async fn send(request: reqwest::RequestBuilder) -> Result<(u16, Value), NotAcknowledged> {
    let answer = request.send().await.map_err(|_| NotAcknowledged)?;
    let status = answer.status().as_u16();
    let body = outbound::body(answer, 1 << 20).await.map_err(|_| NotAcknowledged)?;
    match serde_json::from_slice(&body) {
        _ if status >= 500 => Err(NotAcknowledged),
        Ok(json) => Ok((status, json)),
        Err(_) => Ok((status, Value::String(String::from_utf8_lossy(&body).into_owned()))),
    }
}
