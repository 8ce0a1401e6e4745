//! One-way: a request printed for a place, which phones answer with no network, and a screen that reads the answers.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use registry::Slug;
use serde::Deserialize;
use service::extract::{Form, Path};
use service::qr::{self, Robustness};
use service::ui::{
    Choice, Field, Kind, Markup, Page, PreEscaped, Visitor, Width, button, csrf_field, empty, form, heading,
    html, icon, link_button, panel,
};
use service::ui::{Icon, Tone, notice};
use service::{Lang, Problem, clock, dates};

use super::session::{Clerk, ClerkSession, frame};
use crate::codes::{Place, Printed};
use crate::core::{App, Core};
use crate::decision::texts;

pub(super) fn router() -> Router<App> {
    Router::new().route("/printed", get(list).post(print)).route("/printed/{purpose}/{place}", get(sheet))
}

async fn list(State(app): State<App>, visitor: Visitor, Clerk(session): Clerk) -> Result<Page, Problem> {
    drawn(&app, &visitor, &session, None)
}

fn drawn(
    app: &Core,
    visitor: &Visitor,
    session: &ClerkSession,
    wrong: Option<&str>,
) -> Result<Page, Problem> {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let printed = Printed::all(app.account.store(), clock::now()).map_err(Problem::internal)?;
    let purposes = app.policies.all();
    let choice = |purpose: &std::sync::Arc<crate::purpose::Purpose>| Choice {
        value: purpose.id.to_string(),
        label: lang.pick(&purpose.title.zh, &purpose.title.en).to_owned(),
    };
    let choices: Vec<Choice> = purposes.iter().map(choice).collect();
    let first = choices.first().map(|choice| choice.value.clone()).unwrap_or_default();
    let purpose = Field::new("purpose", t.get("printed.purpose")).kind(Kind::Select(choices)).value(first);
    let place = Field::new("place", t.get("printed.place")).hint(t.get("printed.place_hint"));
    let place = place.placeholder("desk-3").error(wrong.unwrap_or_default());
    Ok(frame(app, visitor, Some(session), t.get("printed.title")).width(Width::Wide).body(html! {
        (heading(t.get("printed.title"), t.get("printed.lead")))
        @if printed.is_empty() {
            (empty(Icon::Document, t.get("printed.none"), t.get("printed.none_text"), html! {}))
        } @else {
            ul.tiles { @for one in &printed { li { (tile(app, lang, session, one)) } } }
        }
        (panel(t.get("printed.new"), form("/printed", &session.csrf, html! {
            (purpose.render(lang)) (place.render(lang)) (button(t.get("printed.print")))
        })))
    }))
}

fn tile(app: &Core, lang: Lang, session: &ClerkSession, printed: &Printed) -> Markup {
    let t = texts(lang);
    html! {
        article.tile {
            h2 { (printed.place) }
            p { (title(app, lang, &printed.purpose)) }
            p.small { (t.with("printed.until", &[("day", &dates::day_of(lang, printed.until))])) }
            form method="post" action="/requests" data-once {
                (csrf_field(&session.csrf))
                input type="hidden" name="purpose" value=(printed.purpose);
                input type="hidden" name="place" value=(printed.place);
                div.ways {
                    button.button type="submit" { (icon(Icon::Scan)) (t.get("printed.read")) }
                    (link_button(t.get("printed.sheet"), &format!("/printed/{}/{}", printed.purpose, printed.place), true))
                }
            }
        }
    }
}

fn title(app: &Core, lang: Lang, purpose: &Slug) -> String {
    let policy = app.purpose(purpose);
    policy.map_or_else(
        || purpose.to_string(),
        |policy| lang.pick(&policy.title.zh, &policy.title.en).to_owned(),
    )
}

#[derive(Deserialize)]
struct Print {
    csrf: String,
    purpose: Slug,
    place: String,
}

async fn print(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Form(Print { csrf, purpose, place }): Form<Print>,
) -> Result<Response, Problem> {
    session.check_csrf(&csrf)?;
    if app.purpose(&purpose).is_none() {
        return Err(Problem::unprocessable("unknown-purpose", "This counter has no such purpose"));
    }
    let Ok(place) = place.trim().parse::<Place>() else {
        let page = drawn(&app, &visitor, &session, Some(texts(visitor.lang).get("printed.place_wrong")))?;
        return Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    Ok(Redirect::to(&format!("/printed/{purpose}/{place}")).into_response())
}

/// The sheet, signed anew each time it is opened, and valid from then.
async fn sheet(
    State(app): State<App>,
    visitor: Visitor,
    Clerk(session): Clerk,
    Path((purpose, place)): Path<(Slug, Place)>,
) -> Result<Page, Problem> {
    let (lang, t, now) = (visitor.lang, texts(visitor.lang), clock::now());
    let made = app.ask_on_paper(&purpose, &place, now);
    let (codes, until) = made.map_err(|_| Problem::not_found("This counter has no such purpose"))?;
    let printed = Printed { purpose: purpose.clone(), place: place.clone(), until };
    printed.note(app.account.store()).await.map_err(Problem::internal)?;
    let title = title(&app, lang, &purpose);
    let total = codes.len().to_string();
    Ok(frame(&app, &visitor, Some(&session), &title).width(Width::Reading).body(html! {
        article.sheet.qr-panel {
            p.qr-label { (app.name_in(lang)) }
            h1 { (title) }
            @for (number, code) in (1..).zip(&codes) {
                @let number: usize = number;
                @let label = t.with("codes.nth", &[("n", &number.to_string()), ("total", &total)]);
                @if let Ok(svg) = qr::svg(code, Robustness::Usual, &label).or_else(|_| qr::svg(code, Robustness::Near, &label)) {
                    div.qr-frame { (PreEscaped(svg)) }
                }
            }
            p { (t.get("printed.how")) }
            p.quiet { (place) " · " (t.with("printed.until", &[("day", &dates::day_of(lang, until))])) }
        }
        (notice(Tone::Info, "", t.get("printed.sheet_lead")))
        details.more { summary { (t.get("codes.as_text")) } div.more-body {
            (service::ui::copy(lang, &codes.join("\n"), t.get("codes.copy")))
        } }
        div.row {
            button.button type="button" data-print { (t.get("printed.to_paper")) }
            (link_button(t.get("printed.back"), "/printed", true))
        }
    }))
}
