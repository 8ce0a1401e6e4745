//! Whole flows over real HTTP, with durable stores; clients and services share this machine's cores.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use service::{Layers, Server, outbound};

use super::pace::per_second;
use super::presentation::PRESENTATION_TRIPS;
use super::wallets::Wallets;
use super::{Line, issuance, presentation};
use crate::demo;
use crate::fault::{Done, OrFault};
use crate::stack::Ports;

/// Requests of an issuance: offer, token, nonce, credential.
pub(super) const ISSUANCE_TRIPS: f64 = 4.0;

/// `issuance/http_per_s` and `presentation/http_per_s`. Floor of each: as many empty round trips, by the same client
/// to a server with the same layers, as the flow has.
pub(super) async fn run(folder: &Path, budget: Duration) -> Done {
    let trips = round_trips(budget).await?;
    let wallets = Wallets::start()?;
    let bare = wallets.bare_trips(budget).await?;
    let stack = demo::start(&folder.join("stack"), Ports::Any, None).await?;
    let http = outbound::client(Duration::from_secs(20));
    let issued = issuance::per_s(&stack, &http, budget).await;
    let shown = match issued {
        Ok(issued) => {
            Line::new("issuance/http_per_s", issued, "1/s", trips / ISSUANCE_TRIPS).print()?;
            presentation::per_s(&stack, &http, &wallets, budget).await
        }
        Err(fault) => Err(fault),
    };
    stack.shutdown().await;
    Line::new("presentation/http_per_s", shown?, "1/s", bare.per_s / PRESENTATION_TRIPS).print()
}

/// Empty round trips a second.
pub(super) async fn round_trips(budget: Duration) -> Done<f64> {
    let router = Layers::default().wrap(Router::new().route("/", post(|| async { "{}" })));
    let server = Server::bind(([127, 0, 0, 1], 0).into(), router).await.or_fault("is a port free?")?;
    let (http, url) = (outbound::client(Duration::from_secs(20)), format!("{}/", server.base_url()));
    let one = move |_| {
        let request = http.post(&url).header("content-type", "application/json").body("{}");
        async move {
            let answer = request.send().await.or_fault("")?;
            answer.bytes().await.or_fault("")?;
            Ok(true)
        }
    };
    let rate = per_second(budget, one).await;
    server.shutdown().await;
    rate
}
