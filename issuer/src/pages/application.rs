//! The applicant's page: where the application stands, and the way into the wallet.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, header};
use serde::Deserialize;
use service::extract::{Path, Query};
use service::qr::Robustness;
use service::ui::{
    Markup, QrPanel, Seen, Tone, Visitor, button, copy, facts, form, heading, html, link_button, live, news,
    notice, panel, qr_panel, stepper,
};
use service::{Lang, Problem};

use super::cookie;
use super::frame::{moment, portal, type_name};
use crate::collect;
use crate::core::{App, Core, texts};
use crate::model::{Application, Happening, Id, Offer, OfferState, State as Standing};
use crate::routes::{link_by_reference, link_by_value};

/// Seconds between two looks at whether something changed.
const LOOK_EVERY: u32 = 2;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/applications/{id}", get(application))
        .route("/applications/{id}/state", get(state))
        .route("/applications/{id}/collect", post(collect))
}

#[derive(Deserialize)]
struct KeyQuery {
    key: Option<String>,
}

async fn application(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<Id>,
    Query(query): Query<KeyQuery>,
) -> Result<Response, Problem> {
    // The key leaves the address at once: addresses are looked at over shoulders and kept in histories.
    if let Some(key) = query.key.filter(|key| app.seals.is_applicant_secret(id, key)) {
        let set_cookie = cookie::remember(&app, id, &key);
        return Ok(([(header::SET_COOKIE, set_cookie)], Redirect::to(&format!("/applications/{id}")))
            .into_response());
    }
    let found = found(&app, visitor.lang, &headers, id)?;
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let title = t.with("application.title", &[("type", type_name(&app, lang, &found.credential_type))]);
    let state = kept_up_to_date(&app, lang, &found)?;
    let link = format!("{}/applications/{id}?key={}", app.base, app.seals.applicant_secret(id).as_str());
    let submitted_at = moment(lang, found.submitted_at());
    let body = html! {
        (heading(&title, ""))
        (state)
        (panel("", facts([
            (t.get("application.number"), html! { span.figures { (id) } }),
            (t.get("application.submitted-at"), html! { (submitted_at) }),
        ])))
        (panel(t.get("application.keep"), html! {
            p { (t.get("application.keep-text")) }
            (copy(lang, &link, t.get("application.copy-link")))
        }))
    };
    Ok(portal(&app, &visitor, &title).body(body).into_response())
}

/// What changed since the page was drawn.
async fn state(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<Id>,
    Query(seen): Query<Seen>,
) -> Result<Response, Problem> {
    let found = found(&app, visitor.lang, &headers, id)?;
    let offer = offer_of(&app, &found)?;
    let (version, done) = (version(&app, &found, offer.as_ref()), is_over(&app, &found, offer.as_ref()));
    let content = state_of(&app, visitor.lang, &found, offer.as_ref())?;
    Ok(news(&seen, &version, done, || content))
}

async fn collect(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<Id>,
) -> Result<Redirect, Problem> {
    let found = found(&app, visitor.lang, &headers, id)?;
    // An open offer is shown again by a second click, and what is left to collect is collected first. What was collected
    // is replaced only when nothing else is left.
    let renew = is_over(&app, &found, offer_of(&app, &found)?.as_ref());
    collect::offer(&app, id, renew).await?;
    Ok(Redirect::to(&format!("/applications/{id}")))
}

fn found(app: &Core, lang: Lang, headers: &HeaderMap, id: Id) -> Result<Application, Problem> {
    if !cookie::has_key(app, id, headers) {
        return Err(Problem::unauthorized(texts(lang).get("application.wrong-link")));
    }
    app.desk
        .find(id)
        .map_err(Problem::internal)?
        .ok_or_else(|| Problem::not_found(texts(lang).get("application.unknown")))
}

fn offer_of(app: &Core, application: &Application) -> Result<Option<Offer>, Problem> {
    application.offer.map_or(Ok(None), |id| app.offers.find(id)).map_err(Problem::internal)
}

fn is_collected(app: &Core, application: &Application) -> bool {
    let all = app.kinds.configurations(&application.credential_type);
    all.iter().all(|configuration| application.issued.contains_key(configuration))
}

/// Whether nothing will change any more unless the applicant wants it.
fn is_over(app: &Core, application: &Application, offer: Option<&Offer>) -> bool {
    let open = offer.is_some_and(|offer| offer.is_open(app.now().seconds));
    application.state == Standing::Rejected || (is_collected(app, application) && !open)
}

/// Everything on the page that changes by itself, and asks whether it has until nothing will change any more.
fn kept_up_to_date(app: &Core, lang: Lang, application: &Application) -> Result<Markup, Problem> {
    let offer = offer_of(app, application)?;
    let state = state_of(app, lang, application, offer.as_ref())?;
    if is_over(app, application, offer.as_ref()) {
        return Ok(state);
    }
    let url = format!("/applications/{}/state", application.id);
    Ok(live(&url, LOOK_EVERY, &version(app, application, offer.as_ref()), state))
}

/// Names what [`state_of`] shows: different when it would look different, the countdown aside.
fn version(app: &Core, application: &Application, offer: Option<&Offer>) -> String {
    let offer = offer.map_or_else(
        || "none".to_owned(),
        |offer| {
            let state = match offer.state {
                OfferState::Open { .. } if offer.is_open(app.now().seconds) => "open",
                OfferState::Open { .. } => "expired",
                OfferState::Locked => "locked",
                OfferState::Redeemed { .. } => "redeemed",
                OfferState::Replaced => "replaced",
            };
            format!("{}-{state}", offer.id)
        },
    );
    format!("{}-{offer}-{}", application.state.code(), application.history.len())
}

fn state_of(
    app: &Core,
    lang: Lang,
    application: &Application,
    offer: Option<&Offer>,
) -> Result<Markup, Problem> {
    let t = texts(lang);
    let steps = [
        t.get("application.stage-submitted"),
        t.get("application.stage-decided"),
        t.get("application.stage-collected"),
    ];
    let step = match application.state {
        Standing::Submitted => 1,
        Standing::Rejected => 1,
        Standing::Approved if application.issued.is_empty() => 2,
        Standing::Approved => 3,
    };
    let news = match application.state {
        Standing::Submitted => {
            notice(Tone::Info, t.get("application.submitted-title"), t.get("application.submitted-text"))
        }
        Standing::Rejected => rejected(lang, application),
        Standing::Approved if is_over(app, application, offer) => collected(lang, application),
        Standing::Approved => collecting(app, lang, application, offer)?,
    };
    Ok(html! { div.stack { (stepper(lang, &steps, step)) (news) } })
}

/// It is on the phone; and if it got lost, or the phone did, this is how to get it again.
fn collected(lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    html! {
        (notice(Tone::Good, t.get("application.collected-title"), t.get("application.collected-text")))
        p.quiet { (t.get("application.lost-text")) }
        (form(&collect_path(application), "", html! {
            button.button.secondary type="submit" { (t.get("application.lost")) }
        }))
    }
}

fn collect_path(application: &Application) -> String {
    format!("/applications/{}/collect", application.id)
}

fn rejected(lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    let reason = application.decision().and_then(|event| match &event.what {
        Happening::Rejected { reason } => Some(reason.as_str()),
        Happening::Submitted | Happening::Approved | Happening::Issued { .. } => None,
    });
    let text = t.with("application.rejected-text", &[("reason", reason.unwrap_or_default())]);
    html! {
        (notice(Tone::Bad, t.get("application.rejected-title"), &text))
        (link_button(t.get("application.again"), &format!("/apply/{}", application.credential_type), true))
    }
}

fn collecting(
    app: &Core,
    lang: Lang,
    application: &Application,
    offer: Option<&Offer>,
) -> Result<Markup, Problem> {
    let t = texts(lang);
    let now = app.now().seconds;
    let again = |label: &str| form(&collect_path(application), "", button(label));
    let approved = || {
        html! {
            (notice(Tone::Good, t.get("application.approved-title"), t.get("application.approved-text")))
            (again(t.get("application.collect")))
        }
    };
    let Some(offer) = offer else { return Ok(approved()) };
    Ok(match offer.state {
        OfferState::Open { .. } if offer.is_open(now) => open_offer(app, lang, application, offer, now.0)?,
        OfferState::Open { .. } | OfferState::Replaced => html! {
            (notice(Tone::Unsure, t.get("offer.expired-title"), t.get("offer.expired-text")))
            (again(t.get("offer.renew")))
        },
        OfferState::Locked => html! {
            (notice(Tone::Bad, t.get("offer.locked-title"), t.get("offer.locked-text")))
            (again(t.get("offer.renew")))
        },
        OfferState::Redeemed { .. } if !application.issued.is_empty() => html! {
            (notice(Tone::Good, t.get("application.collected-title"), t.get("application.collected-text")))
            (again(t.get("application.collect-again")))
        },
        OfferState::Redeemed { .. } => html! {
            (notice(Tone::Info, t.get("offer.used-title"), t.get("offer.used-text")))
            (again(t.get("offer.renew")))
        },
    })
}

fn open_offer(
    app: &Core,
    lang: Lang,
    application: &Application,
    offer: &Offer,
    now: i64,
) -> Result<Markup, Problem> {
    let t = texts(lang);
    let link = link_by_reference(app, offer)?;
    let title = t.with("offer.title", &[("type", type_name(app, lang, &application.credential_type))]);
    let tx_code = app.seals.tx_code(offer.id);
    Ok(panel(
        &title,
        html! {
            (qr_panel(lang, &QrPanel {
                link: &link,
                label: t.get("offer.scan"),
                robustness: Robustness::Usual,
                expires: Some((offer.expires_at.0, now)),
            }))
            div.stack {
                h3 { (t.get("offer.code")) }
                p.code-large data-tx-code { (tx_code.as_str()) }
                p.quiet { (t.get("offer.code-text")) }
            }
            (link_button(t.get("offer.open"), &link_by_value(app, offer), true))
        },
    ))
}
