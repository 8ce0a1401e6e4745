//! Applying: one form, and what is wrong with it said where it is wrong.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use credentials::catalogue::{ClaimError, CredentialType};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use service::extract::{Multipart, Path, Query};
use service::ui::{self, Visitor, button, heading, html, link_button};
use service::{Lang, Problem};

use super::cookie;
use super::form::{Entered, fields, summary};
use super::frame::portal;
use crate::client::Client;
use crate::collect;
use crate::core::{App, Core, texts};

pub(super) fn router() -> Router<App> {
    Router::new().route("/apply/{type}", get(empty_form).post(send))
}

#[derive(Deserialize)]
struct FormQuery {
    example: Option<String>,
}

async fn empty_form(
    State(app): State<App>,
    visitor: Visitor,
    Path(credential_type): Path<String>,
    Query(query): Query<FormQuery>,
) -> Result<Response, Problem> {
    let of = app.kinds.credential_type(&credential_type).ok_or_else(|| unknown(visitor.lang))?;
    let entered = if app.demonstration && query.example.is_some() {
        Entered::example(visitor.lang, of)
    } else {
        Entered::default()
    };
    Ok(page(&app, &visitor, of, &entered, &[]))
}

async fn send(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    Path(credential_type): Path<String>,
    Multipart(form): Multipart,
) -> Result<Response, Problem> {
    let of = app.kinds.credential_type(&credential_type).ok_or_else(|| unknown(visitor.lang))?;
    let entered = Entered::read(visitor.lang, of, form).await?;
    let claims = Value::Object(entered.claims(of));
    if let Err(errors) = of.validate_claims(&claims, app.now().seconds) {
        let mut response = page(&app, &visitor, of, &entered, &errors);
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let Value::Object(claims) = claims else { return Err(Problem::internal("claims are an object")) };
    let submitted = collect::submit(&app, &client, &of.id, claims).await?;
    let id = submitted.application.id;
    let set_cookie = cookie::remember(&app, id, &submitted.secret);
    Ok(([(header::SET_COOKIE, set_cookie)], Redirect::to(&format!("/applications/{id}"))).into_response())
}

fn page(
    app: &Core,
    visitor: &Visitor,
    of: &CredentialType,
    entered: &Entered,
    errors: &[ClaimError],
) -> Response {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let title = t.with("apply.title", &[("type", lang.pick(&of.label.zh, &of.label.en))]);
    portal(app, visitor, &title)
        .body(html! {
            p { a href="/" { "← " (t.get("apply.back")) } }
            (heading(&title, lang.pick(&of.description.zh, &of.description.en)))
            (ui::errors(lang, &summary(lang, of, errors)))
            @if errors.is_empty() { (super::presented::invitation(app, lang, &of.id)) }
            @if app.demonstration { div.row {
                (link_button(t.get("apply.example"), "?example=1", true))
                span.quiet { (t.get("apply.example-note")) }
            } }
            form.panel method="post" enctype="multipart/form-data" action={ "/apply/" (of.id) } data-once novalidate {
                (fields(lang, of, entered, errors))
                p.quiet { (t.get("apply.privacy")) }
                (button(t.get("apply.submit")))
            }
        })
        .into_response()
}

fn unknown(lang: Lang) -> Problem {
    Problem::not_found(texts(lang).get("apply.unknown"))
}
