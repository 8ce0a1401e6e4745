//! The cards, and one card with all it says.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Redirect;
use maud::{Markup, html};
use service::extract::{Form, Path};
use service::ui::{
    CardView, Icon, Page, Tone, card, csrf_field, danger_button, details, empty, facts, form, link_button,
    notice,
};
use service::{Lang, Problem, dates};
use wallet_core::{Card, CardState, ClaimView, Wallet};

use super::frame::{Screen, Tab};
use super::state::{App, Csrf, Holder};
use super::words::{self, texts};

/// How long a page waits for the chain before it shows what is known.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn list(holder: Holder) -> Result<Page, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    refresh(&holder.wallet).await;
    let damaged = holder.wallet.unreadable_cards().map_err(Problem::internal)?.len();
    let cards = holder.wallet.cards().map_err(Problem::internal)?;
    let body = if cards.is_empty() && damaged == 0 {
        empty(
            Icon::Card,
            t.get("cards.none"),
            t.get("cards.none_todo"),
            link_button(t.get("cards.scan"), "/scan", false),
        )
    } else {
        html! {
        @if damaged > 0 {
            (notice(
                Tone::Bad,
                &t.with("cards.damaged", &[("n", &damaged.to_string())]),
                t.get("cards.damaged_todo"),
            ))
        }
        ul.card-stack { @for one in &cards { li { (draw(lang, one, true)) } } } }
    };
    Ok(Screen::new(&holder.visitor, t.get("cards.title")).tab(Tab::Cards).body(body))
}

pub(super) async fn one(Path(id): Path<String>, holder: Holder) -> Result<Page, Problem> {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    refresh(&holder.wallet).await;
    let found = find(&holder, &id)?;
    let renewable = holder.wallet.is_renewable(&id).map_err(Problem::internal)?
        && !matches!(found.state, CardState::Revoked { .. });
    let received = dates::moment(lang, found.received);
    let formats = found
        .formats
        .iter()
        .map(|format| words::format(lang, *format))
        .collect::<Vec<_>>()
        .join(t.get("list.and"));
    let delete = html! {
        form method="post" action={ "/cards/" (found.id) "/delete" } data-once {
            (csrf_field(&holder.session.csrf))
            p { (t.get("card.delete_means")) }
            (danger_button(t.get("card.delete")))
        }
    };
    Ok(Screen::new(&holder.visitor, lang.pick(&found.label.zh, &found.label.en))
        .back("/")
        .tab(Tab::Cards)
        .body(html! {
            (draw(lang, &found, false))
            (standing(lang, &found))
            (claims(lang, &found.claims))
            section.panel { (facts([
                (t.get("card.issuer"), html! { (lang.pick(&found.issuer_name.zh, &found.issuer_name.en)) }),
                (t.get("card.received"), html! { (received) }),
                (t.get("card.formats"), html! { (formats) }),
                (t.get("card.issuer_did"), html! { code { (found.issuer) } }),
            ])) }
            @if renewable { (form(&format!("/cards/{}/renew", found.id), &holder.session.csrf, html! {
                p.quiet.small { (t.get("card.renew_text")) }
                button.button.quiet type="submit" { (t.get("card.renew")) }
            })) }
            (details(t.get("card.delete_open"), delete))
        }))
}

pub(super) async fn delete(
    State(_): State<Arc<App>>,
    Path(id): Path<String>,
    holder: Holder,
    Form(Csrf { csrf }): Form<Csrf>,
) -> Result<Redirect, Problem> {
    holder.session.check_csrf(&csrf)?;
    match holder.wallet.delete_card(&id).await.map_err(Problem::internal)? {
        true => Ok(Redirect::to("/")),
        false => Err(no_such_card()),
    }
}

/// Fetches the cards' newest state; without an answer in time, pages show the state and age that is known.
pub(super) async fn refresh(wallet: &Wallet) {
    match tokio::time::timeout(PATIENCE, wallet.refresh()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!(%error, "the cards' state could not be refreshed"),
        Err(_) => tracing::info!("the cards' state could not be refreshed in time"),
    }
}

fn find(holder: &Holder, id: &str) -> Result<Card, Problem> {
    holder.wallet.card(id).map_err(Problem::internal)?.ok_or_else(no_such_card)
}

fn no_such_card() -> Problem {
    Problem::not_found("There is no such card on this phone")
}

/// A card, leading to its page or not.
pub(super) fn draw(lang: Lang, found: &Card, leads: bool) -> Markup {
    let other = lang.other();
    let href = leads.then(|| format!("/cards/{}", found.id));
    card(
        lang,
        &CardView {
            issuer: lang.pick(&found.issuer_name.zh, &found.issuer_name.en),
            title: lang.pick(&found.label.zh, &found.label.en),
            subtitle: other.pick(&found.label.zh, &found.label.en),
            holder: &found.holder_line,
            validity: &validity(lang, found),
            state: words::card_state(&found.state),
            colour: &found.colours.from,
            seed: &found.pattern.to_string(),
            href: href.as_deref(),
        },
    )
}

fn validity(lang: Lang, found: &Card) -> String {
    match found.valid_until {
        Some(end) => {
            let day = dates::day_of(lang, registry::UnixMillis::from_seconds(end.0));
            texts(lang).with("card.until", &[("day", &day)])
        }
        None => texts(lang).get("card.no_end").to_owned(),
    }
}

/// How the card stands, in a sentence, where there is more to say than its badge does.
fn standing(lang: Lang, found: &Card) -> Markup {
    let t = texts(lang);
    let issuer = lang.pick(&found.issuer_name.zh, &found.issuer_name.en);
    let say = |tone, key: &'static str, as_of| {
        let at = dates::moment(lang, as_of);
        notice(tone, "", &t.with(key, &[("issuer", issuer), ("at", &at)]))
    };
    match found.state {
        CardState::Valid { as_of } => {
            html! { p.quiet.small { (t.with("card.as_of", &[("at", &dates::moment(lang, as_of))])) } }
        }
        CardState::Suspended { as_of } => say(Tone::Unsure, "card.suspended", as_of),
        CardState::Revoked { as_of } => say(Tone::Bad, "card.revoked", as_of),
        CardState::NotTrusted { as_of } => say(Tone::Bad, "card.not_trusted", as_of),
        CardState::Damaged => notice(Tone::Bad, "", &t.with("card.damaged", &[("issuer", issuer)])),
        CardState::Expired { since } => {
            say(Tone::Unsure, "card.expired", registry::UnixMillis::from_seconds(since.0))
        }
        CardState::Unknown { last: Some(last) } => say(Tone::Unsure, "card.unknown_since", last.as_of),
        CardState::Unknown { last: None } => notice(Tone::Unsure, "", t.get("card.unknown")),
    }
}

/// Claims as facts; pictures as pictures.
pub(super) fn claims(lang: Lang, claims: &[ClaimView]) -> Markup {
    html! {
        section.panel { dl.facts { @for claim in claims {
            div {
                dt { (lang.pick(&claim.label.zh, &claim.label.en)) }
                dd { (value(lang, claim)) }
            }
        } } }
    }
}

fn value(lang: Lang, claim: &ClaimView) -> Markup {
    match picture(claim) {
        Some(picture) => {
            html! { img.portrait src=(picture) alt=(lang.pick(&claim.label.zh, &claim.label.en)); }
        }
        None => html! { (lang.pick(&claim.text.zh, &claim.text.en)) },
    }
}

/// The picture that a claim holds, if it is one a page may show.
pub(super) fn picture(claim: &ClaimView) -> Option<&str> {
    let text = claim.value.as_str()?;
    let safe =
        ["data:image/png;base64,", "data:image/jpeg;base64,"].iter().any(|start| text.starts_with(start));
    (claim.kind == Some(credentials::catalogue::Kind::Image) && safe).then_some(text)
}

/// The names of claims, for lists.
pub(super) fn labels(lang: Lang, claims: &[ClaimView]) -> Vec<String> {
    claims.iter().map(|claim| lang.pick(&claim.label.zh, &claim.label.en).to_owned()).collect()
}
