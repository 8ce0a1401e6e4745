//! What operators see of requests: log lines with the request's id, and spans at a real collector.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why and stops")]

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use serde_json::Value;
use service::telemetry::{Collector, Format, Logging, TelemetryError, subscriber};
use service::{Layers, Running, Server, outbound, trace_context};
use tracing::instrument::WithSubscriber;

/// One test at a time: which places are of interest to a subscriber is kept for the whole process.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Where lines are written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("lines").clone()).expect("text")
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lines").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logging(format: Format, filter: &str, collector: Option<&str>) -> Logging {
    let collector = collector.map(|address| Collector {
        endpoint: address.parse().expect("an address"),
        service: "issuer".to_owned(),
    });
    Logging { format, filter: filter.to_owned(), collector }
}

async fn service() -> Running {
    let warns = || async { tracing::warn!(target: "issuer", what = 7, "something is odd") };
    let router = Router::new().route("/odd", get(warns)).route("/fine", get(|| async {}));
    let local: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Server::bind(local, Layers::default().wrap(router)).await.expect("binds")
}

/// Asks, and says which id the answer has.
async fn ask(server: &Running, path: &str, id: Option<&str>) -> String {
    let request = outbound::client(Duration::from_secs(5)).get(format!("{}{path}", server.base_url()));
    let request = id.into_iter().fold(request, |request, id| request.header("x-request-id", id));
    let answer = request.send().await.expect("answers");
    answer.headers()["x-request-id"].to_str().expect("text").to_owned()
}

/// Asks a service for these, one after another: the ids of the answers, and what was logged.
async fn said(set: &Logging, paths: &[&str]) -> (Vec<String>, String) {
    let lines = Lines::default();
    let writer = {
        let lines = lines.clone();
        move || lines.clone()
    };
    let (subscriber, _telemetry) = subscriber(set, writer, false).expect("starts");
    let guard = tracing::subscriber::set_default(subscriber);
    let server = service().await;
    let mut ids = Vec::new();
    for path in paths {
        ids.push(ask(&server, path, None).await);
    }
    server.shutdown().await;
    drop(guard);
    (ids, lines.text())
}

#[tokio::test]
async fn every_line_of_a_request_has_its_id_and_is_json_if_so_set() {
    let _alone = ALONE.lock().await;
    let (ids, text) = said(&logging(Format::Json, "warn", None), &["/odd?secret=of-a-query", "/fine"]).await;
    let parsed: Vec<Value> = text.lines().map(|line| line.parse().expect("JSON")).collect();
    assert_eq!(parsed.len(), 1, "at `warn`, one thing is said: {text}");
    let line = &parsed[0];
    assert_eq!(line["span"]["request_id"], ids[0], "{line}");
    assert_eq!((&line["span"]["method"], &line["span"]["path"]), (&"GET".into(), &"/odd".into()));
    assert_eq!((&line["level"], &line["fields"]["what"]), (&"WARN".into(), &7.into()));
    assert!(!text.contains("of-a-query"));
}

#[tokio::test]
async fn at_debug_every_answer_is_a_line_for_people() {
    let _alone = ALONE.lock().await;
    let (ids, text) = said(&logging(Format::Human, "service=debug", None), &["/fine"]).await;
    let line = text.lines().find(|line| line.contains("answered")).expect("a line");
    assert!(line.contains(&ids[0]) && line.contains("status=200"), "{line}");
}

#[tokio::test]
async fn an_id_that_a_machine_made_is_taken_over_and_no_other() {
    let _alone = ALONE.lock().await;
    let server = service().await;
    for sane in
        ["6b0e26a1-98f5-4d0c-9d27-3f2a0b8f7a11", "00ff00ff00ff00ff", "4bf92f3577b34da6a3ce929d0e0e4736"]
    {
        assert_eq!(ask(&server, "/fine", Some(sane)).await, sane);
    }
    for other in
        ["", "a", "11010519491231002X", "6222021234567890", "Wang-Xiaoming", "a line", &"a1".repeat(33)]
    {
        let made = ask(&server, "/fine", Some(other)).await;
        assert!(made != other && made.len() == 16, "{other}: {made}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_collector_is_told_of_each_request_and_of_nothing_else() {
    let _alone = ALONE.lock().await;
    let received: Arc<Mutex<Vec<Bytes>>> = Arc::default();
    let keep = {
        let received = received.clone();
        move |headers: axum::http::HeaderMap, body: Bytes| async move {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            received.lock().expect("received").push(body);
        }
    };
    let router = Router::new().route("/v1/traces", post(keep));
    let local: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let collector = Server::bind(local, router).await.expect("binds");
    let set = logging(Format::Human, "off", Some(&collector.base_url()));
    let (subscriber, telemetry) = subscriber(&set, std::io::sink, false).expect("starts");
    let guard = tracing::subscriber::set_default(subscriber);
    let server = service().await;
    let id = ask(&server, "/odd?secret=of-a-query", None).await;
    ask(&server, "/nowhere", None).await;
    // Part of a caller's trace, recorded although the caller says that its own is not, and passed on with our span as parent.
    let other = echo().await;
    let asking = between(&other.base_url()).await;
    let passed = told(&asking, Some(GIVEN)).await;
    asking.shutdown().await;
    other.shutdown().await;
    server.shutdown().await;
    drop(guard);
    tokio::task::spawn_blocking(move || telemetry.flush()).await.expect("flushed");
    collector.shutdown().await;

    let bodies = received.lock().expect("received");
    let sent = |body: &Bytes| ExportTraceServiceRequest::decode(&body[..]).expect("OTLP").resource_spans;
    let resources: Vec<_> = bodies.iter().flat_map(sent).collect();
    let of = &resources[0].resource.as_ref().expect("a resource").attributes;
    assert!(of.iter().any(|of| of.key == "service.name" && text(of.value.as_ref()) == "issuer"), "{of:?}");
    let scopes = resources.iter().flat_map(|resource| &resource.scope_spans);
    let spans: Vec<&Span> = scopes.flat_map(|scope| &scope.spans).collect();
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["request"; 3]);
    let part = spans.iter().find(|span| attribute(span, "path") == "/asks").expect("a span");
    assert_eq!(hex::encode(&part.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(hex::encode(&part.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(passed, format!("00-{}-{}-01", hex::encode(&part.trace_id), hex::encode(&part.span_id)));
    let odd = spans.iter().find(|span| attribute(span, "path") == "/odd").expect("a span");
    assert_eq!(attribute(odd, "request_id"), id);
    assert_eq!((attribute(odd, "method").as_str(), odd.kind()), ("GET", SpanKind::Server));
    assert_eq!(attribute(odd, "http.response.status_code"), "200");
    assert!(odd.end_time_unix_nano > odd.start_time_unix_nano);
    assert!(odd.events.iter().any(|event| event.name == "something is odd"), "{:?}", odd.events);
    let nowhere = spans.iter().find(|span| attribute(span, "path") == "/nowhere").expect("a span");
    assert_eq!(attribute(nowhere, "http.response.status_code"), "404");
    assert!(!format!("{spans:?}").contains("of-a-query"));
}

/// A service that answers with the `traceparent` that it was asked with.
async fn echo() -> Running {
    let said = |headers: axum::http::HeaderMap| async move {
        headers.get("traceparent").map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
    };
    let local: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Server::bind(local, Router::new().route("/", get(said))).await.expect("binds")
}

/// A service that asks another and answers what it was told.
async fn between(other: &str) -> Running {
    let url = format!("{other}/");
    let asks = move || async move {
        let request = outbound::client(Duration::from_secs(5)).get(url);
        trace_context::pass_on(request).send().await.expect("answers").text().await.expect("text")
    };
    let local: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Server::bind(local, Layers::default().wrap(Router::new().route("/asks", get(asks)))).await.expect("binds")
}

async fn told(server: &Running, given: Option<&str>) -> String {
    let request = outbound::client(Duration::from_secs(5)).get(format!("{}/asks", server.base_url()));
    let request = given.into_iter().fold(request, |request, given| request.header("traceparent", given));
    request.send().await.expect("answers").text().await.expect("text")
}

const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

#[tokio::test]
async fn without_a_collector_a_trace_is_passed_on_and_stands_in_the_lines() {
    let _alone = ALONE.lock().await;
    let lines = Lines::default();
    let writer = {
        let lines = lines.clone();
        move || lines.clone()
    };
    let set = logging(Format::Human, "service=debug", None);
    let (subscriber, _telemetry) = subscriber(&set, writer, false).expect("starts");
    let guard = tracing::subscriber::set_default(subscriber);
    let other = echo().await;
    let server = between(&other.base_url()).await;
    let passed = told(&server, Some(GIVEN)).await;
    let begun = told(&server, None).await;
    let refused = told(&server, Some("00-11010519491231002011010519491231-00f067aa0ba902b7-00")).await;
    server.shutdown().await;
    other.shutdown().await;
    drop(guard);
    let parts: Vec<&str> = passed.split('-').collect();
    assert_eq!((parts[0], parts[1], parts[3]), ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "00"));
    assert!(parts[2].len() == 16 && parts[2] != "00f067aa0ba902b7", "the parent is ours: {passed}");
    assert!(begun.len() == GIVEN.len() && !begun.contains(parts[1]), "{begun}");
    assert!(!refused.contains("110105"), "what may be somebody's number goes nowhere: {refused}");
    let text = lines.text();
    assert!(
        text.contains("trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"") && !text.contains("110105"),
        "{text}"
    );
}

#[tokio::test]
async fn requests_go_on_while_the_collector_is_away() {
    let _alone = ALONE.lock().await;
    let set = logging(Format::Human, "off", Some("http://127.0.0.1:9"));
    let (subscriber, telemetry) = subscriber(&set, std::io::sink, false).expect("starts");
    async {
        let server = service().await;
        ask(&server, "/fine", None).await;
        server.shutdown().await;
    }
    .with_subscriber(subscriber)
    .await;
    tokio::task::spawn_blocking(move || telemetry.flush()).await.expect("ends");
    for (address, filter) in [("ftp://127.0.0.1", "warn"), ("http://127.0.0.1", "no=such=filter")] {
        let refused = subscriber_of(&logging(Format::Human, filter, Some(address)));
        assert!(matches!(refused, Err(TelemetryError::Collector { .. } | TelemetryError::Filter { .. })));
    }
}

fn subscriber_of(set: &Logging) -> Result<(), TelemetryError> {
    subscriber(set, std::io::sink, false).map(|_| ())
}

fn attribute(span: &Span, name: &str) -> String {
    span.attributes.iter().find(|of| of.key == name).map(|of| text(of.value.as_ref())).unwrap_or_default()
}

fn text(value: Option<&opentelemetry_proto::tonic::common::v1::AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        _ => String::new(),
    }
}
