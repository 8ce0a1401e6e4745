//! The API's description, to be read: the same document as `/openapi.json`.

use serde_json::Value;
use service::Problem;
use service::ui::{Markup, Page, heading, html};

use crate::explorer::View;
use crate::node::DOCUMENT;

/// `GET /docs`.
pub(super) async fn page(view: View) -> Result<Page, Problem> {
    let t = view.t;
    let paths = DOCUMENT.get("paths").and_then(Value::as_object);
    let body = html! {
        (heading(t.get("docs.title"), t.get("docs.lead")))
        p { a href=(registry::api::OPENAPI) { (t.get("chain.api")) } }
        @for (path, operations) in paths.into_iter().flatten() {
            @for (method, operation) in operations.as_object().into_iter().flatten() {
                (self::operation(&view, path, method, operation))
            }
        }
    };
    Ok(super::page(&view, t.get("docs.title"), body))
}

fn operation(view: &View, path: &str, method: &str, operation: &Value) -> Markup {
    let t = view.t;
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let responses = operation.get("responses").and_then(Value::as_object);
    html! {
        section.panel lang="en" {
            h2 { code { (method.to_uppercase()) " " (path) } }
            p { (text(operation, "summary")) }
            @if operation.get("description").is_some() { p.quiet { (text(operation, "description")) } }
            dl.facts {
                @for parameter in parameters.into_iter().flatten() {
                    div { dt { code { (text(parameter, "name")) } } dd { (text(parameter, "description")) } }
                }
                @for (status, response) in responses.into_iter().flatten() {
                    div { dt { (t.get("docs.answer")) " " (status) } dd { (text(response, "description")) " " (kinds(response)) } }
                }
            }
        }
    }
}

/// The media types of an answer.
fn kinds(response: &Value) -> Markup {
    let kinds = response.get("content").and_then(Value::as_object);
    html! { @for kind in kinds.into_iter().flat_map(|kinds| kinds.keys()) { code.quiet { (kind) } " " } }
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
