//! W3C Trace Context: a request belongs to a trace, and what is asked of others because of it belongs to the same.
//!
//! `traceparent` is taken from whoever calls, checked to the letter, and passed on with a span of ours as the parent: that which
//! a collector is told of, or one of its own where there is none. `tracestate` is not passed on: its text is anybody's.

use std::future::Future;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use reqwest::RequestBuilder;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::random;

tokio::task_local! {
    static TRACE: TraceContext;
}

/// The header that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// Which trace, and which span in it (Trace Context §3.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    span: u64,
    flags: u8,
}

/// The trace of the request that this task is answering.
pub fn current() -> Option<TraceContext> {
    TRACE.try_with(|trace| *trace).ok()
}

/// Does something as part of a trace: for tasks that work for others.
pub async fn within<F: Future>(trace: Option<TraceContext>, work: F) -> F::Output {
    match trace {
        Some(trace) => TRACE.scope(trace, work).await,
        None => work.await,
    }
}

/// A request to another service, as part of the current trace if there is one.
pub fn pass_on(request: RequestBuilder) -> RequestBuilder {
    match current() {
        Some(trace) => request.header(HEADER, trace.header()),
        None => request,
    }
}

impl TraceContext {
    /// The trace that a request says it belongs to. One header, version 00 or a later one whose beginning reads the same, small
    /// letters, neither id nothing but zeros; anything else is as if nothing were said (§3.2.2.5, §4.3). Nor is an id taken
    /// that is all figures: that may be somebody's number, and it would stand in logs.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(HEADER).iter();
        let (Some(only), None) = (given.next(), given.next()) else { return None };
        let mut parts = only.to_str().ok()?.split('-');
        let (version, trace, span, flags) =
            (hex(parts.next()?, 2)?, parts.next()?, hex(parts.next()?, 16)?, hex(parts.next()?, 2)?);
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let is_anybodys = trace.bytes().all(|byte| byte.is_ascii_digit());
        let trace = hex(trace, 32).filter(|trace| *trace != 0 && !is_anybodys)?;
        let span = u64::try_from(span).ok().filter(|span| *span != 0)?;
        Some(Self { trace, span, flags: u8::try_from(flags).ok()? & SAMPLED })
    }

    /// The trace's id, as it stands in the header.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// What is sent, in version 00.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        let text = format!("00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags);
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// Makes the span of a request part of the trace that its caller named, or of a new one, and says what to pass on.
    pub(crate) fn begin(span: &Span, given: Option<Self>) -> Self {
        if let Some(given) = given {
            let (trace, parent) = (TraceId::from(given.trace), SpanId::from_bytes(given.span.to_be_bytes()));
            let remote =
                SpanContext::new(trace, parent, TraceFlags::new(given.flags), true, TraceState::default());
            // Where nobody collects there is nothing to tell.
            _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote));
        }
        let context = span.context();
        let told = context.span().span_context().clone();
        if told.is_valid() {
            return Self {
                trace: u128::from_be_bytes(told.trace_id().to_bytes()),
                span: u64::from_be_bytes(told.span_id().to_bytes()),
                flags: told.trace_flags().to_u8() & SAMPLED,
            };
        }
        // With a letter in it, as [`TraceContext::of`] wants one.
        let fresh = || random_id(16).map_or(1, |id| id | (0xa << 124));
        Self {
            trace: given.map_or_else(fresh, |given| given.trace),
            span: random_id(8).and_then(|id| u64::try_from(id).ok()).unwrap_or(1).max(1),
            flags: given.map_or(0, |given| given.flags),
        }
    }
}

/// The one flag there is in version 00 (§3.2.2.5).
const SAMPLED: u8 = 1;

fn random_id(bytes: usize) -> Option<u128> {
    u128::from_str_radix(&random::hex(bytes), 16).ok()
}

/// So many hexadecimal digits in small letters.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let small = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == digits && text.bytes().all(small)).then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(lines: &[&str]) -> Option<TraceContext> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HEADER, line.parse().expect("a header"));
        }
        TraceContext::of(&headers)
    }

    #[test]
    fn what_is_read_is_what_is_sent() {
        let trace = read(&[GIVEN]).expect("the standard's example");
        assert_eq!(trace.header(), GIVEN);
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let unsampled = GIVEN.replace("-01", "-00");
        assert_eq!(read(&[&unsampled]).expect("one").header(), unsampled);
        // Flags that version 00 doesn't know are not passed on.
        assert_eq!(read(&[&GIVEN.replace("-01", "-ff")]).expect("one").header(), GIVEN);
        // A later version may say more; what is known of it is at the beginning.
        let later = format!("{}-what-comes", GIVEN.replacen("00", "cc", 1));
        assert_eq!(read(&[&later]).expect("one").header(), GIVEN);
    }

    #[test]
    fn what_is_not_to_the_letter_is_as_if_nothing_were_said() {
        let of = |from: &str, to: &str| GIVEN.replacen(from, to, 1);
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for (flaw, line) in [
            ("empty", String::new()),
            ("version_ff", of("00-", "ff-")),
            ("version_of_one_digit", of("00-", "0-")),
            ("trace_of_zeros", of(trace, &"0".repeat(32))),
            ("trace_all_figures", of(trace, "11010519491231002011010519491231")),
            ("trace_short", of(trace, &trace[1..])),
            ("trace_long", of(trace, &format!("{trace}a"))),
            ("trace_in_capitals", of(trace, &trace.to_uppercase())),
            ("span_of_zeros", of("00f067aa0ba902b7", "0000000000000000")),
            ("span_signed", of("00f067aa0ba902b7", "+0f067aa0ba902b7")),
            ("span_missing", format!("00-{trace}-01")),
            ("flags_missing", GIVEN[..52].to_owned()),
            ("flags_long", format!("{GIVEN}0")),
            ("more_than_version_00_has", format!("{GIVEN}-a")),
            ("spaces", format!(" {GIVEN} x")),
        ] {
            assert_eq!(read(&[&line]), None, "{flaw}");
        }
        assert_eq!(read(&[GIVEN, GIVEN]), None, "twice");
        assert_eq!(read(&[]), None);
    }

    #[tokio::test]
    async fn it_is_passed_on_within_the_request_alone() {
        let client = crate::outbound::client(std::time::Duration::from_secs(1));
        let request = || pass_on(client.get("http://127.0.0.1/")).build().expect("a request");
        let trace = read(&[GIVEN]);
        within(trace, async { assert_eq!(request().headers()[HEADER], GIVEN) }).await;
        within(None, async { assert!(!request().headers().contains_key(HEADER)) }).await;
        let none = TraceContext::begin(&Span::none(), None);
        assert_ne!(none.trace_id(), TraceContext::begin(&Span::none(), None).trace_id());
        let next = TraceContext::begin(&Span::none(), trace);
        assert_eq!(next.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(next.header(), GIVEN, "the parent is ours");
    }
}
