//! The applicant's page: where the application stands, and the way into the wallet.

use axum::Router;
use axum::extract::State;
use axum::extract::multipart::MultipartError;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credentials::catalogue::{ClaimError, CredentialType};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use service::extract::{Multipart, Path, Query};
use service::qr::Robustness;
use service::ui::{
    self, Markup, QrPanel, Seen, Tone, Visitor, button, copy, details, facts, form, heading, html,
    link_button, live, news, notice, panel, qr_panel, stepper, two_ways, upload,
};
use service::{Lang, Problem};

use super::cookie;
use super::form::{Entered, fields, summary};
use super::frame::{moment, portal, type_name};
use super::lost;
use crate::attachments::{self, AttachRefused};
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
        .route("/applications/{id}/attach", post(attach))
        .route("/applications/{id}/correct", get(correct).post(send_corrected))
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
    let offer = offer_of(&app, &found)?;
    let open = offer.as_ref().is_some_and(|offer| offer.is_open(app.now().seconds));
    let lost = lost::said(&app, visitor.lang, &found)?.is_some();
    let renew = is_over(&app, &found, offer.as_ref()) || (lost && !open);
    collect::offer(&app, id, renew).await?;
    Ok(Redirect::to(&format!("/applications/{id}")))
}

/// Adds a file to the application.
async fn attach(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<Id>,
    Multipart(mut form): Multipart,
) -> Result<Redirect, Problem> {
    let lang = visitor.lang;
    found(&app, lang, &headers, id)?;
    let unreadable =
        |error: MultipartError| Problem::new(error.status(), "form", texts(lang).get("apply.unreadable"));
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(unreadable)?;
        let kept = attachments::attach(&app.store, &app.seals, id, &name, &bytes, app.now()).await;
        let t = texts(lang);
        let refused = |code, text| Err(Problem::unprocessable(code, text));
        return match kept {
            Ok(_) => Ok(Redirect::to(&format!("/applications/{id}"))),
            Err(AttachRefused::Kind) => refused("attachment-kind", t.get("attach.kind")),
            Err(AttachRefused::Size) => refused("attachment-size", t.get("attach.size")),
            Err(AttachRefused::TooMany) => refused("attachments-full", t.get("attach.full")),
            Err(error) => Err(error.into()),
        };
    }
    Err(Problem::unprocessable("attachment-size", texts(lang).get("attach.size")))
}

async fn correct(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<Id>,
) -> Result<Response, Problem> {
    let found = found(&app, visitor.lang, &headers, id)?;
    let claims = app.desk.claims(id).map_err(Problem::internal)?.unwrap_or_default();
    let of = app.kinds.credential_type(&found.credential_type);
    let of = of.ok_or_else(|| Problem::not_found(texts(visitor.lang).get("application.unknown")))?;
    let entered = Entered::from_claims(visitor.lang, of, &claims);
    Ok(correction_page(&app, &visitor, &found, of, &entered, &[]))
}

async fn send_corrected(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<Id>,
    Multipart(form): Multipart,
) -> Result<Response, Problem> {
    let found = found(&app, visitor.lang, &headers, id)?;
    let of = app.kinds.credential_type(&found.credential_type);
    let of = of.ok_or_else(|| Problem::not_found(texts(visitor.lang).get("application.unknown")))?;
    let entered = Entered::read(visitor.lang, of, form).await?;
    let claims = entered.claims(of);
    if let Err(errors) = of.validate_claims(&serde_json::Value::Object(claims.clone()), app.now().seconds) {
        let mut response = correction_page(&app, &visitor, &found, of, &entered, &errors);
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    collect::correct(&app, id, claims).await?;
    Ok(Redirect::to(&format!("/applications/{id}")).into_response())
}

fn correction_page(
    app: &Core,
    visitor: &Visitor,
    application: &Application,
    of: &CredentialType,
    entered: &Entered,
    errors: &[ClaimError],
) -> Response {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let title = t.with("application.correct-title", &[("type", type_name(app, lang, &of.id))]);
    let action = format!("/applications/{}/correct", application.id);
    portal(app, visitor, &title)
        .body(html! {
            p { a href={ "/applications/" (application.id) } { "← " (t.get("apply.back")) } }
            (heading(&title, ""))
            @if let Some(note) = application.note() {
                (notice(Tone::Unsure, t.get("application.returned-title"), note))
            }
            (ui::errors(lang, &summary(lang, of, errors)))
            form.panel method="post" enctype="multipart/form-data" action=(action) data-once novalidate {
                (fields(lang, of, entered, errors))
                (button(t.get("application.correct-send")))
            }
        })
        .into_response()
}

/// What is attached, and a form to attach more, until it is decided.
fn attachments_panel(app: &Core, lang: Lang, application: &Application) -> Result<Markup, Problem> {
    let t = texts(lang);
    let attached = attachments::list(&app.store, application.id).map_err(Problem::internal)?;
    let open = application.state.is_open() || application.state == Standing::NeedsCorrection;
    if !open && attached.is_empty() {
        return Ok(html! {});
    }
    let evidence = app.kinds.credential_type(&application.credential_type);
    let evidence = evidence.and_then(|of| of.desk.evidence.as_ref());
    let action = format!("/applications/{}/attach", application.id);
    Ok(panel(
        t.get("attach.title"),
        html! {
            @if let Some(text) = evidence {
                p { (t.with("attach.evidence", &[("evidence", lang.pick(&text.zh, &text.en))])) }
            }
            @if !attached.is_empty() { ul.stack { @for one in &attached { li {
                (one.name.as_str()) " " span.quiet { (one.kind.name()) " · " (one.bytes.div_ceil(1024)) " KB" }
            } } } }
            @if open && attached.len() < attachments::MOST {
                form.stack method="post" enctype="multipart/form-data" action=(action) data-once {
                    (upload("file", t.get("attach.file"), t.get("attach.hint"), "application/pdf,image/png,image/jpeg"))
                    button.button.quiet type="submit" { (t.get("attach.send")) }
                }
            }
        },
    ))
}

pub(super) fn found(app: &Core, lang: Lang, headers: &HeaderMap, id: Id) -> Result<Application, Problem> {
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
    application.state == Standing::Rejected
        || application.corrected_by.is_some()
        || (is_collected(app, application) && !open)
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
        Standing::Submitted | Standing::InReview | Standing::NeedsCorrection | Standing::Rejected => 1,
        Standing::Approved => 2,
        Standing::Issued => 3,
    };
    let news = match application.state {
        _ if application.corrected_by.is_some() => corrected(app, lang, application),
        Standing::Submitted | Standing::InReview => {
            notice(Tone::Info, t.get("application.submitted-title"), t.get("application.submitted-text"))
        }
        Standing::NeedsCorrection => html! {
            (notice(Tone::Unsure, t.get("application.returned-title"), application.note().unwrap_or_default()))
            (link_button(t.get("application.correct"), &format!("/applications/{}/correct", application.id), false))
        },
        Standing::Rejected => rejected(lang, application),
        Standing::Approved | Standing::Issued if is_over(app, application, offer) => {
            collected(app, lang, application)?
        }
        Standing::Approved | Standing::Issued => collecting(app, lang, application, offer)?,
    };
    let attachments = attachments_panel(app, lang, application)?;
    Ok(html! { div.stack { (stepper(lang, &steps, step)) (news) (attachments) } })
}

/// The department put something right: what takes this one's place, for whoever holds this page's key.
fn corrected(app: &Core, lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    let Some(next) = application.corrected_by else { return html! {} };
    let link = format!("/applications/{next}?key={}", app.seals.applicant_secret(next).as_str());
    html! {
        (notice(Tone::Unsure, t.get("application.corrected-title"), t.get("application.corrected-text")))
        (link_button(t.get("application.corrected-go"), &link, false))
    }
}

/// It is on the phone; and if it got lost, or the phone did, this is how to get it again.
fn collected(app: &Core, lang: Lang, application: &Application) -> Result<Markup, Problem> {
    let t = texts(lang);
    let again = form(
        &collect_path(application),
        "",
        html! {
            button.button.secondary type="submit" { (t.get("application.lost")) }
        },
    );
    if let Some(lost) = lost::said(app, lang, application)? {
        return Ok(html! { (lost) (again) });
    }
    Ok(html! {
        (notice(Tone::Good, t.get("application.collected-title"), t.get("application.collected-text")))
        p.quiet { (t.get("application.lost-text")) }
        (again)
        (lost::declaration(lang, application))
    })
}

fn collect_path(application: &Application) -> String {
    format!("/applications/{}/collect", application.id)
}

fn rejected(lang: Lang, application: &Application) -> Markup {
    let t = texts(lang);
    let reason = application.decision().and_then(|event| match &event.what {
        Happening::Rejected { reason } => Some(reason.as_str()),
        _ => None,
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
        OfferState::Redeemed { .. } if !application.issued.is_empty() => {
            match lost::said(app, lang, application)? {
                Some(lost) => html! { (lost) (again(t.get("application.lost"))) },
                None => html! {
                    (notice(Tone::Good, t.get("application.collected-title"), t.get("application.collected-text")))
                    (again(t.get("application.collect-again")))
                    (lost::declaration(lang, application))
                },
            }
        }
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
            (two_ways(lang, t.get("offer.open"), &link_by_value(app, offer), qr_panel(lang, &QrPanel {
                link: &link,
                label: t.get("offer.scan"),
                robustness: Robustness::Usual,
                expires: Some((offer.expires_at.0, now)),
            }), Some(html! {
                h3 { (t.get("offer.code")) }
                p.quiet { (t.get("offer.code-text")) }
                // Whoever has both halves collects: one look over a shoulder at the code to scan must not be enough.
                (details(t.get("offer.show-code"), html! { p.code-large data-tx-code { (tx_code.as_str()) } }))
            })))
        },
    ))
}
