//! A refusal seen in a browser is a page, not JSON.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use maud::html;

use super::icon::{Icon, icon};
use super::page::Page;
use super::texts;
use super::visitor::Visitor;
use crate::i18n::Texts;
use crate::problem::{NO_SUCH_ADDRESS, Problem};
use crate::request_id;

/// A middleware (`from_fn(friendly_errors)`) for routers of pages: where a browser asked for HTML, a [`Problem`]
/// becomes a page that says the same. Programs still get problem+json.
pub async fn friendly_errors(request: Request, next: Next) -> Response {
    friendly(request, |request| next.run(request)).await
}

/// The same around whatever answers.
pub(crate) async fn friendly<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let (parts, body) = request.into_parts();
    let visitor = wants_html(&parts.headers).then(|| Visitor::of(&parts));
    let response = next(Request::from_parts(parts, body)).await;
    match (visitor, response.extensions().get::<Problem>()) {
        (Some(visitor), Some(problem)) => {
            let mut page = page(&visitor, problem).into_response();
            *page.status_mut() = response.status();
            for (name, value) in response.headers() {
                if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
                    page.headers_mut().append(name, value.clone());
                }
            }
            page
        }
        _ => response,
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

fn page(visitor: &Visitor, problem: &Problem) -> Page {
    let t = texts(visitor.lang);
    let title = match problem.status().as_u16() {
        404 => t.get("error.not_found"),
        401 | 403 => t.get("error.not_allowed"),
        410 => t.get("error.gone"),
        429 => t.get("error.too_many"),
        503 => t.get("error.unavailable"),
        500..=599 => t.get("error.internal"),
        _ => t.get("error.refused"),
    };
    Page::new(visitor, title).body(html! {
        div.empty {
            span.empty-sign { (icon(Icon::Info)) }
            h1 { (title) }
            p { (words(t, problem)) }
            a.button href="/" { (t.get("error.home")) }
            @if let Some(id) = request_id::current() { p.quiet { (t.get("error.id")) " " code { (id) } } }
        }
    })
}

/// What is wrong, in the visitor's language: what any service may refuse is said here, for there it is said in the words of its protocol;
/// what a page refuses, the page says itself.
fn words<'a>(t: Texts<'a>, problem: &'a Problem) -> &'a str {
    let key = match problem.code() {
        "not-found" if problem.title() == NO_SUCH_ADDRESS => "error.no_such_address",
        "method-not-allowed" | "unsupported-media-type" => "error.wrong_way",
        "too-large" => "error.too_large",
        "timeout" | "body-timeout" => "error.too_slow",
        "too-many-requests" => "error.too_many_text",
        "csrf" => "error.out_of_date",
        "internal" => "error.internal_text",
        _ => return problem.detail_text().unwrap_or(problem.title()),
    };
    t.get(key)
}
