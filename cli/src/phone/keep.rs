//! Backup, restoration, export and erasure, on the phone.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use maud::html;
use serde::Deserialize;
use service::Problem;
use service::extract::{Form, Multipart, Path};
use service::ui::{
    Field, Kind, Page, Tone, Visitor, button, danger_button, form, heading, link_button, notice, upload,
};
use wallet_core::ports::SystemRandomness;
use wallet_core::{BadBackup, CreateError, OpenError, RestoreError, Wallet};
use zeroize::Zeroizing;

use super::frame::{Screen, Tab};
use super::lock;
use super::state::{App, Csrf, Holder, Pending};
use super::words::texts;

pub(super) async fn page(holder: Holder) -> Page {
    let t = texts(holder.visitor.lang);
    Screen::new(&holder.visitor, t.get("backup.title")).back("/more").tab(Tab::More).body(html! {
        (heading(t.get("backup.heading"), t.get("backup.lead")))
        (form("/backup", &holder.session.csrf, button(t.get("backup.go"))))
    })
}

/// Makes a code, shows it once, and offers the file.
pub(super) async fn make(
    State(app): State<Arc<App>>,
    holder: Holder,
    Form(Csrf { csrf }): Form<Csrf>,
) -> Result<Page, Problem> {
    holder.session.check_csrf(&csrf)?;
    let t = texts(holder.visitor.lang);
    let code = Zeroizing::new(Wallet::new_backup_code(&SystemRandomness).map_err(Problem::internal)?);
    let shown = code.to_string();
    let id = app.keep(Pending::Backup(Arc::new(code)));
    Ok(Screen::new(&holder.visitor, t.get("backup.title")).back("/more").tab(Tab::More).body(html! {
        (notice(Tone::Unsure, t.get("backup.code"), t.get("backup.code_text")))
        p.code-large.figures data-backup-code { (shown) }
        (link_button(t.get("backup.file"), &format!("/backup/{id}"), false))
    }))
}

pub(super) async fn file(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    holder: Holder,
) -> Result<Response, Problem> {
    let Some(code) = app.backup(&id) else { return Ok(Redirect::to("/backup").into_response()) };
    let wallet = Arc::clone(&holder.wallet);
    // The passphrase's hash takes its time.
    let sealed = tokio::task::spawn_blocking(move || wallet.back_up(&code));
    let bytes = sealed.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"wallet.huizheng-backup\""),
    ];
    Ok((headers, bytes).into_response())
}

pub(super) async fn export(holder: Holder) -> Result<Response, Problem> {
    let all = holder.wallet.export().map_err(Problem::internal)?;
    let text = serde_json::to_vec_pretty(&all).map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"wallet.json\""),
    ];
    Ok((headers, text).into_response())
}

pub(super) async fn restore_page(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    if app.has_wallet() {
        return Redirect::to("/").into_response();
    }
    draw(&visitor, "").into_response()
}

/// Makes the wallet of a backup, with a PIN of its own.
pub(super) async fn restore(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Multipart(mut sent): Multipart,
) -> Result<Response, Problem> {
    let t = texts(visitor.lang);
    let refuse = |text: &str| Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(&visitor, text)).into_response());
    let unreadable = |_| Problem::bad_request("invalid-request", "The form can't be read");
    let (mut file, mut code, mut pin, mut again) =
        (Vec::new(), Zeroizing::default(), Zeroizing::default(), Zeroizing::default());
    while let Some(field) = sent.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("file") => file = field.bytes().await.map_err(unreadable)?.to_vec(),
            Some("code") => code = Zeroizing::new(field.text().await.map_err(unreadable)?),
            Some("pin") => pin = Zeroizing::new(field.text().await.map_err(unreadable)?),
            Some("again") => again = Zeroizing::new(field.text().await.map_err(unreadable)?),
            _ => {}
        }
    }
    if *pin != *again {
        return refuse(t.get("pin.differ"));
    }
    let code = code.trim().to_uppercase();
    let restored =
        Wallet::restore(&app.vault, &pin, app.ports.clone(), app.config.clone(), &file, &code).await;
    match restored {
        Ok((wallet, _)) => Ok(lock::let_in_at(&app, wallet, "/collect")),
        Err(RestoreError::Backup(BadBackup::WrongPassphrase)) => refuse(t.get("restore.wrong")),
        Err(RestoreError::Backup(BadBackup::OtherChain)) => refuse(t.get("restore.other_chain")),
        Err(RestoreError::Backup(_)) => refuse(t.get("restore.no_backup")),
        Err(RestoreError::Create(CreateError::PinTooWeak(_))) => refuse(t.get("pin.weak")),
        Err(RestoreError::Create(CreateError::Exists)) => Ok(Redirect::to("/unlock").into_response()),
        Err(error) => Err(Problem::internal(error)),
    }
}

#[derive(Deserialize)]
pub(super) struct Pin {
    csrf: String,
    pin: String,
}

pub(super) async fn erase_page(holder: Holder) -> Page {
    erasure(&holder, "")
}

/// Deletes everything, for whoever enters the PIN once more.
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    holder: Holder,
    Form(sent): Form<Pin>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&sent.csrf)?;
    let pin = Zeroizing::new(sent.pin);
    let t = texts(holder.visitor.lang);
    match app.check_pin(&pin).await {
        Ok(()) => {}
        Err(OpenError::WrongPin { .. } | OpenError::Wait { .. }) => {
            return Ok(erasure(&holder, t.get("pin.wrong")).into_response());
        }
        Err(error) => return Err(Problem::internal(error)),
    }
    let wallet = holder.wallet;
    app.close_wallet();
    match Arc::try_unwrap(wallet) {
        Ok(wallet) => wallet.erase().await.map_err(Problem::internal)?,
        // Another page is just being drawn from it: what matters is gone with the files.
        Err(wallet) => {
            drop(wallet);
            Wallet::erase_locked(&app.vault).map_err(Problem::internal)?;
        }
    }
    Ok(Redirect::to("/welcome").into_response())
}

fn erasure(holder: &Holder, error: &str) -> Page {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let pin =
        Field::new("pin", t.get("pin.label")).kind(Kind::Pin).error(error).autocomplete("current-password");
    Screen::new(&holder.visitor, t.get("erase.title")).back("/more").tab(Tab::More).body(html! {
        (notice(Tone::Bad, t.get("erase.heading"), t.get("erase.text")))
        (form("/erase", &holder.session.csrf, html! { (pin.render(lang)) (danger_button(t.get("erase.go"))) }))
    })
}

fn draw(visitor: &Visitor, error: &str) -> Page {
    let (lang, t) = (visitor.lang, texts(visitor.lang));
    let pin = Field::new("pin", t.get("pin.new")).kind(Kind::Pin).hint(t.get("pin.rule"));
    let again = Field::new("again", t.get("pin.again")).kind(Kind::Pin);
    let code = Field::new("code", t.get("restore.code")).kind(Kind::Text).hint(t.get("restore.code_hint"));
    Screen::new(visitor, t.get("restore.title")).back("/welcome").body(html! {
        (heading(t.get("restore.heading"), t.get("restore.lead")))
        @if !error.is_empty() { (notice(Tone::Bad, error, "")) }
        form.stack method="post" action="/restore" enctype="multipart/form-data" data-once {
            (upload("file", t.get("restore.file"), "", ".huizheng-backup,application/octet-stream"))
            (code.autocomplete("off").render(lang))
            (pin.autocomplete("new-password").render(lang))
            (again.autocomplete("new-password").render(lang))
            (button(t.get("restore.go")))
        }
    })
}
