//! Scanning and pasting: from a picture, a camera frame or a link to an offer or a request.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use maud::html;
use serde::Deserialize;
use service::extract::{Form, Multipart};
use service::ui::{Field, Kind, Page, Tone, button, csrf_field, notice};
use service::{Problem, assets};
use wallet_core::{Collected, OfferRefused, RequestRefused};

use super::SCAN_JS;
use super::frame::{Screen, Tab};
use super::offline;
use super::scan::{self, ScanError};
use super::state::{App, Holder, Pending};
use super::words::{self, Said, texts};

pub(super) async fn page(holder: Holder) -> Page {
    draw(&holder, None, "")
}

#[derive(Deserialize)]
pub(super) struct Pasted {
    csrf: String,
    link: String,
}

pub(super) async fn link(
    State(app): State<Arc<App>>,
    holder: Holder,
    Form(sent): Form<Pasted>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    let text = sent.link.trim();
    // A counter's code may have several parts, one a line.
    let mut followed = Err(words::unknown_link(holder.visitor.lang));
    for link in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        followed = follow(&app, &holder, link).await;
        if !matches!(followed, Ok(Next::Part { .. })) {
            break;
        }
    }
    Ok(answer(&holder, followed, text))
}

/// A picture from the phone's album, or a screenshot.
pub(super) async fn picture(
    State(app): State<Arc<App>>,
    holder: Holder,
    Multipart(mut form): Multipart,
) -> Result<Response, Problem> {
    let (mut csrf, mut picture) = (String::new(), Bytes::new());
    let unreadable = |_| Problem::bad_request("invalid-request", "The picture can't be read");
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("csrf") => csrf = field.text().await.map_err(unreadable)?,
            Some("picture") => picture = field.bytes().await.map_err(unreadable)?,
            _ => {}
        }
    }
    holder.session.check_csrf(&csrf)?;
    let read = read(picture).await?;
    let followed = match read {
        Ok(link) => follow(&app, &holder, &link).await,
        Err(error) => Err(words::scan(holder.visitor.lang, error)),
    };
    Ok(answer(&holder, followed, ""))
}

/// A frame of the camera, sent by the page's script: 200 with where to go, 204 when there is nothing to see yet.
pub(super) async fn frame(
    State(app): State<Arc<App>>,
    holder: Holder,
    headers: HeaderMap,
    picture: Bytes,
) -> Result<Response, Problem> {
    let csrf = headers.get("x-csrf").and_then(|value| value.to_str().ok()).unwrap_or_default();
    holder.session.check_csrf(csrf)?;
    let Ok(link) = read(picture).await? else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    Ok(match follow(&app, &holder, &link).await {
        Ok(Next::Go(next)) => axum::Json(serde_json::json!({ "location": next })).into_response(),
        Ok(Next::Part { have, total }) => {
            let said = part(&holder, have, total);
            axum::Json(serde_json::json!({ "part": said.what })).into_response()
        }
        Err(_) => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Where a code leads.
enum Next {
    /// To this page.
    Go(String),
    /// It is a part of a counter's code; the others are still to be seen.
    Part { have: usize, total: usize },
}

fn answer(holder: &Holder, followed: Result<Next, Said>, link: &str) -> Response {
    match followed {
        Ok(Next::Go(next)) => Redirect::to(&next).into_response(),
        Ok(Next::Part { have, total }) => draw(holder, Some(&part(holder, have, total)), "").into_response(),
        Err(said) => draw(holder, Some(&said), link).into_response(),
    }
}

fn part(holder: &Holder, have: usize, total: usize) -> Said {
    let t = texts(holder.visitor.lang);
    let (have, total) = (have.to_string(), total.to_string());
    let what = t.with("scan.part", &[("n", &have), ("of", &total)]);
    Said { what, todo: t.get("scan.part_todo").to_owned() }
}

async fn read(picture: Bytes) -> Result<Result<String, ScanError>, Problem> {
    tokio::task::spawn_blocking(move || scan::read(&picture)).await.map_err(Problem::internal)
}

/// Finds out what a link is, and keeps it for the holder to decide.
async fn follow(app: &App, holder: &Holder, link: &str) -> Result<Next, Said> {
    let lang = holder.visitor.lang;
    if offline::is_part(link) {
        return match app.collect(link) {
            Ok(Collected::Part { have, total }) => Ok(Next::Part { have, total }),
            Ok(Collected::Whole(message)) => {
                let request = holder.wallet.review_offline(&message).await;
                let request = request.map_err(|error| words::request_refused(lang, &error))?;
                Ok(Next::Go(format!("/requests/{}", app.keep(Pending::Request(Arc::new(request))))))
            }
            Err(_) => Err(words::unknown_link(lang)),
        };
    }
    let scheme = link.split(':').next().unwrap_or_default().to_ascii_lowercase();
    match scheme.as_str() {
        "openid-credential-offer" | "haip-vci" => {
            let offer = holder.wallet.preview_offer(link).await;
            let offer = offer.map_err(|error: OfferRefused| words::offer_refused(lang, &error))?;
            Ok(Next::Go(format!("/offers/{}", app.keep(Pending::Offer(Arc::new(offer))))))
        }
        "openid4vp" | "haip-vp" => {
            let request = holder.wallet.review_request(link).await;
            let request = request.map_err(|error: RequestRefused| words::request_refused(lang, &error))?;
            Ok(Next::Go(format!("/requests/{}", app.keep(Pending::Request(Arc::new(request))))))
        }
        _ => Err(words::unknown_link(lang)),
    }
}

fn draw(holder: &Holder, said: Option<&Said>, link: &str) -> Page {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let csrf = &holder.session.csrf;
    let script = assets::versioned("/assets/scan.js", SCAN_JS);
    let paste = Field::new("link", t.get("scan.paste"))
        .kind(Kind::Lines)
        .value(link)
        .placeholder("openid-credential-offer://…");
    Screen::new(&holder.visitor, t.get("scan.title")).tab(Tab::Scan).script(&script).body(html! {
        @if let Some(said) = said { (notice(Tone::Bad, &said.what, &said.todo)) }
        div.scan-view data-scan="/scan/frame" data-csrf=(csrf) data-no-camera=(t.get("scan.no_camera")) {
            video muted playsinline aria-hidden="true" {}
            p { (t.get("scan.starting")) }
        }
        form method="post" action="/scan/picture" enctype="multipart/form-data" {
            (csrf_field(csrf))
            div.field.upload {
                label for="f-picture" { (service::ui::icon(service::ui::Icon::Upload)) span.upload-label { (t.get("scan.picture")) } }
                input id="f-picture" name="picture" type="file" accept="image/png,image/jpeg" required data-upload="send";
            }
            noscript { (button(t.get("scan.go"))) }
        }
        form method="post" action="/scan/link" data-once {
            (csrf_field(csrf))
            (paste.render(lang))
            (button(t.get("scan.go")))
        }
    })
}
