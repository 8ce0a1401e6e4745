//! A counter's request: consent, and what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use registry::LegalBasis;
use serde::Deserialize;
use service::extract::{Form, Path, Query};
use service::ui::{
    ConsentView, Icon, Leaf, Page, Tone, WhoAsks, consent, empty, kept_for, link_button, notice,
};
use service::{Lang, Problem};
use wallet_core::{CardOption, Choice, ConsentRequest, FrameSize, Link, Question};

use super::cards::{labels, picture};
use super::frame::{Screen, Tab};
use super::offline;
use super::state::{App, Holder, Pending};
use super::words::{self, Said, texts};

/// What was chosen, by question: `?<question>=<option>`.
type Chosen = BTreeMap<String, String>;

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(chosen): Query<Chosen>,
    holder: Holder,
) -> Response {
    match app.request(&id) {
        Some(request) => draw(&holder, &id, &request, &chosen).into_response(),
        None => Redirect::to("/scan").into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct Decided {
    csrf: String,
    decision: Decision,
    #[serde(flatten)]
    chosen: Chosen,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Share,
    Decline,
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    holder: Holder,
    Form(decided): Form<Decided>,
) -> Result<Response, Problem> {
    holder.session.check_csrf(&decided.csrf)?;
    let Some(request) = app.request(&id) else { return Ok(Redirect::to("/scan").into_response()) };
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let name = lang.pick(&request.verifier.name.zh, &request.verifier.name.en);
    app.forget(&id);
    match decided.decision {
        Decision::Decline => {
            holder.wallet.decline(&request.id).await.map_err(Problem::internal)?;
            Ok(ended(
                &holder,
                Icon::Shield,
                t.get("request.declined"),
                &t.with("request.declined_lead", &[("name", name)]),
            )
            .into_response())
        }
        Decision::Share => {
            let choice = demanded(&request).fold(Choice::first(), |choice, question| {
                choice.with(&question.id, &pick(question, &decided.chosen).id)
            });
            if request.verifier.host.is_empty() {
                let code = holder.wallet.present_offline(&request.id, &choice, FrameSize::CAMERA_720P).await;
                // It stays open while it is shown: for another look, and for the next code of a printed request.
                app.keep_as(&id, Pending::Request(Arc::clone(&request)));
                return match code {
                    Ok(code) => Ok(offline::show(&holder, name, &code)?.into_response()),
                    Err(error) => Ok(failed(&holder, &words::not_presented(lang, &error)).into_response()),
                };
            }
            Ok(match holder.wallet.present(&request.id, &choice).await {
                Ok(presented) => {
                    let lead = t.with("request.shared_lead", &[("name", name)]);
                    let next = presented.redirect.map(|next| next.as_str().to_owned());
                    went(&holder, next.as_deref(), &lead).into_response()
                }
                Err(error) => failed(&holder, &words::not_presented(lang, &error)).into_response(),
            })
        }
    }
}

/// The questions that must be answered: this phone leaves the others.
fn demanded(request: &ConsentRequest) -> impl Iterator<Item = &Question> {
    request.questions.iter().filter(|question| !question.optional)
}

/// The option chosen for a question; the first when none, or one that isn't there, is named.
fn pick<'q>(question: &'q Question, chosen: &Chosen) -> &'q CardOption {
    let wanted = chosen.get(&question.id);
    let found = question.options.iter().find(|option| Some(&option.id) == wanted);
    // A question has at least one option.
    found.unwrap_or(&question.options[0])
}

fn draw(holder: &Holder, id: &str, request: &ConsentRequest, chosen: &Chosen) -> Page {
    let lang = holder.visitor.lang;
    let t = texts(lang);
    let picked = demanded(request).map(|question| (question, pick(question, chosen))).collect::<Vec<_>>();
    let several = picked.len() > 1;
    let leaves = picked.iter().flat_map(|(_, option)| leaves(lang, option, several)).collect::<Vec<_>>();
    let stays = picked.iter().flat_map(|(_, option)| labels(lang, &option.stays)).collect::<Vec<_>>();
    let warnings = picked.iter().flat_map(|(_, option)| &option.warnings);
    let mut warnings = warnings.map(|warning| words::warning(lang, *warning).to_owned()).collect::<Vec<_>>();
    let choice = picked
        .iter()
        .fold(Choice::first(), |choice, (question, option)| choice.with(&question.id, &option.id));
    if request.links(&choice).iter().any(|link| matches!(link, Link::Together { .. })) {
        warnings.push(t.get("warning.together").to_owned());
    }
    let basis = match request.legal_basis {
        LegalBasis::Consent => t.get("request.by_consent"),
        LegalBasis::Statutory => t.get("request.by_law"),
    };
    let legal = format!("{basis} · {}", lang.pick(&request.legal_text.zh, &request.legal_text.en));
    let kept = kept_for(lang, request.retention_days);
    let view = ConsentView {
        who: WhoAsks {
            name: lang.pick(&request.verifier.name.zh, &request.verifier.name.en),
            mark: t.get("request.mark"),
            purpose: lang.pick(&request.purpose_name.zh, &request.purpose_name.en),
            legal_basis: &legal,
            kept: &kept,
        },
        leaves: &leaves,
        stays: &stays,
        warnings: &warnings,
        action: &format!("/requests/{id}"),
        csrf: &holder.session.csrf,
        extra: choices(lang, id, &picked),
    };
    Screen::new(&holder.visitor, t.get("request.title")).back("/scan").body(consent(lang, &view))
}

fn leaves(lang: Lang, option: &CardOption, several: bool) -> Vec<Leaf> {
    let card = if several { lang.pick(&option.label.zh, &option.label.en) } else { "" };
    let leaf = |claim: &wallet_core::ClaimView| Leaf {
        label: lang.pick(&claim.label.zh, &claim.label.en).to_owned(),
        value: picture(claim).unwrap_or(lang.pick(&claim.text.zh, &claim.text.en)).to_owned(),
        card: card.to_owned(),
    };
    option.leaves.iter().map(leaf).collect()
}

/// Which card answers, with a way to take another one: choosing draws the page again with that card's values.
fn choices(lang: Lang, id: &str, picked: &[(&Question, &CardOption)]) -> Markup {
    let t = texts(lang);
    html! {
        @for (question, option) in picked {
            input type="hidden" name=(question.id) value=(option.id);
            @if question.options.len() > 1 {
                details.stays {
                    summary { (service::ui::icon(Icon::Card)) span { (t.with("request.from_card", &[("card", &called(lang, option))])) } }
                    ul { @for other in question.options.iter().filter(|other| other.id != option.id) {
                        li { a href=(with(id, picked, &question.id, &other.id)) { (called(lang, other)) } }
                    } }
                }
            }
        }
    }
}

fn called(lang: Lang, option: &CardOption) -> String {
    format!(
        "{} · {} ({})",
        lang.pick(&option.label.zh, &option.label.en),
        option.holder_line,
        words::format(lang, option.format)
    )
}

/// The page's address with this option for this question, and the others as they are.
fn with(id: &str, picked: &[(&Question, &CardOption)], question: &str, option: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (other, chosen) in picked {
        query.append_pair(&other.id, if other.id == question { option } else { &chosen.id });
    }
    format!("/requests/{id}?{}", query.finish())
}

/// It was shown; and where the verifier has the holder go on, if anywhere.
fn went(holder: &Holder, next: Option<&str>, lead: &str) -> Page {
    let t = texts(holder.visitor.lang);
    let Some(next) = next else { return ended(holder, Icon::Tick, t.get("request.shared"), lead) };
    let on = html! {
        (link_button(t.get("request.go_on"), next, false))
        p.quiet.figures { (url::Url::parse(next).map(|url| url.origin().ascii_serialization()).unwrap_or_default()) }
        (link_button(t.get("request.to_cards"), "/", true))
    };
    let screen = Screen::new(&holder.visitor, t.get("request.title")).tab(Tab::Cards);
    screen.body(empty(Icon::Tick, t.get("request.shared"), t.get("request.go_on_lead"), on))
}

fn ended(holder: &Holder, sign: Icon, title: &str, lead: &str) -> Page {
    let t = texts(holder.visitor.lang);
    let on = html! { (link_button(t.get("request.to_cards"), "/", false)) (link_button(t.get("request.to_log"), "/log", true)) };
    Screen::new(&holder.visitor, t.get("request.title")).tab(Tab::Cards).body(empty(sign, title, lead, on))
}

fn failed(holder: &Holder, said: &Said) -> Page {
    let t = texts(holder.visitor.lang);
    Screen::new(&holder.visitor, t.get("request.title")).back("/scan").tab(Tab::Scan).body(html! {
        (notice(Tone::Bad, &said.what, &said.todo))
        (link_button(t.get("scan.again"), "/scan", false))
    })
}
