//! Choosing a made-up citizen, where nobody is real.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use protocol::limits::Form;
use service::Problem;
use service::ui::{Markup, Tone, Visitor, form, heading, html, notice};

use super::authorize::{Visit, identified, login};
use super::frame::portal;
use crate::citizens::Citizen;
use crate::core::{App, texts};

pub(super) fn router() -> Router<App> {
    Router::new().route("/authorize/citizens", get(choose).post(chosen))
}

async fn choose(State(app): State<App>, visitor: Visitor, visit: Visit) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let people = app.citizens.as_ref().map(|source| source.to_choose_from()).unwrap_or_default();
    if people.is_empty() {
        return Err(Problem::not_found(t.get("authorize.unknown")));
    }
    let csrf = visit.csrf(&app);
    let choices = html! {
        div.tiles { @for (number, person) in people.iter().enumerate() { (choice(number, person)) } }
    };
    let page = portal(&app, &visitor, t.get("citizens.title")).body(html! {
        (heading(t.get("citizens.title"), t.get("citizens.lead")))
        (notice(Tone::Info, t.get("citizens.made-up"), t.get("citizens.made-up-text")))
        (form("/authorize/citizens", &csrf, choices))
    });
    Ok(page.into_response())
}

fn choice(number: usize, person: &Citizen) -> Markup {
    html! {
        button.choice type="submit" name="citizen" value=(number) {
            span.stack {
                strong { (person.name) }
                @if let Some(id) = &person.id_number { small.quiet.figures { (shortened(id)) } }
                @for code in &person.represents { small.quiet.figures { (code) } }
            }
        }
    }
}

/// An ID number as it may be read over a shoulder: the division and the last four.
fn shortened(id: &str) -> String {
    let all: Vec<char> = id.chars().collect();
    let hidden =
        |(at, c): (usize, &char)| if (6..all.len().saturating_sub(4)).contains(&at) { '•' } else { *c };
    all.iter().enumerate().map(hidden).collect()
}

/// The field of a form with the word that shows whose page it came from.
const CSRF: &str = "csrf";

async fn chosen(
    State(app): State<App>,
    visitor: Visitor,
    visit: Visit,
    body: axum::body::Bytes,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let sent = Form::parse(&body).map_err(|_| Problem::bad_request("form", t.get("authorize.again")))?;
    visit.check_csrf(&app, visitor.lang, sent.get(CSRF).unwrap_or_default())?;
    let Some(source) = app.citizens.clone().filter(|source| !source.to_choose_from().is_empty()) else {
        return Err(Problem::not_found(t.get("authorize.unknown")));
    };
    match source.finish(&login(&app, visit.0)?, &sent).await {
        Ok(citizen) => identified(&app, &visitor, visit.0, &citizen).await,
        Err(_) => Ok(Redirect::to("/authorize/citizens").into_response()),
    }
}
