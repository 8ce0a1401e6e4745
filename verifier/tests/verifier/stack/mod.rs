//! A chain with a governance, issuers that are accredited, a counter, and a phone that can be told to misbehave.

mod counter;
mod issuer;
mod network;
mod phone;

pub(crate) use counter::{Asked, Counter, TOKEN};
pub(crate) use issuer::{Draft, Issuer, Statuses};
pub(crate) use network::Network;
pub(crate) use phone::{Card, Lies, Phone, Reply, thumbprint};

use registry::LocalText;
use serde_json::Value;

/// Everything that most tests need.
pub(crate) struct Stack {
    pub(crate) network: Network,
    pub(crate) market: Issuer,
    pub(crate) counter: Counter,
    pub(crate) phone: Phone,
}

impl Stack {
    /// Market supervision, accredited for business licences, and a counter.
    pub(crate) async fn start() -> Self {
        let network = Network::start().await;
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        let counter = Counter::start(&network).await;
        Self { network, market, counter, phone: Phone::new() }
    }

    /// Asks for `purpose`, answers honestly with `card`, and gives the HTTP reply and the decision.
    pub(crate) async fn present(&self, purpose: &str, card: &Card) -> (Reply, Value) {
        self.present_with(purpose, card, Lies::default()).await
    }

    /// The same, with lies.
    pub(crate) async fn present_with(&self, purpose: &str, card: &Card, lies: Lies) -> (Reply, Value) {
        let asked = self.counter.ask(purpose).await;
        let reply = self.phone.answer(&asked.request_uri, card, lies).await;
        (reply, self.counter.read(&asked.id).await)
    }
}

pub(crate) fn both(zh: &str, en: &str) -> LocalText {
    LocalText::new(zh, en)
}

/// The outcome and code of a check of a decision.
pub(crate) fn check<'d>(decision: &'d Value, id: &str) -> (&'d str, &'d str) {
    let checks = decision["checks"].as_array().unwrap_or_else(|| panic!("no checks in {decision}"));
    let found = checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no check {id}"));
    (found["outcome"].as_str().unwrap(), found["code"].as_str().unwrap())
}

/// The ids of the checks that did not pass, in order.
pub(crate) fn not_passed(decision: &Value) -> Vec<&str> {
    let checks = decision["checks"].as_array().unwrap_or_else(|| panic!("no checks in {decision}"));
    checks
        .iter()
        .filter(|check| check["outcome"] != "passed")
        .map(|check| check["id"].as_str().unwrap())
        .collect()
}
