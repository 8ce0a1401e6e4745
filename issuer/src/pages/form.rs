//! A form that follows from the catalogue: a field for each claim that is asked for.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::Multipart;
use credentials::catalogue::{Claim, ClaimError, CredentialType, Kind};
use serde_json::{Map, Value};
use service::ui::{Choice, Field, Kind as FieldKind, Markup, html, upload};
use service::{Lang, Problem};

use super::picture;
use super::values::{SEPARATOR, as_entered, from_entered, label};
use crate::core::texts;

/// What was entered, by claim; pictures as data URLs.
#[derive(Default)]
pub(super) struct Entered(BTreeMap<String, String>);

impl Entered {
    /// The catalogue's example.
    pub(super) fn example(lang: Lang, of: &CredentialType) -> Self {
        let entry =
            |claim: &Claim| Some((claim.name.clone(), as_entered(lang, claim, claim.example.as_ref()?)));
        Self(of.asked().filter_map(entry).collect())
    }

    /// What was claimed before, to be corrected.
    pub(super) fn from_claims(lang: Lang, of: &CredentialType, claims: &Map<String, Value>) -> Self {
        let entry =
            |claim: &Claim| Some((claim.name.clone(), as_entered(lang, claim, claims.get(&claim.name)?)));
        Self(of.asked().filter_map(entry).collect())
    }

    /// Reads what the form sent. Fields that the type doesn't have are left out.
    pub(super) async fn read(lang: Lang, of: &CredentialType, form: Multipart) -> Result<Self, Problem> {
        Ok(Self::read_all(lang, of, form).await?.0)
    }

    /// As [`Entered::read`], and the form's other fields: a token against forged forms, a reason.
    pub(super) async fn read_all(
        lang: Lang,
        of: &CredentialType,
        mut form: Multipart,
    ) -> Result<(Self, BTreeMap<String, String>), Problem> {
        let mut others = BTreeMap::new();
        let unreadable = |error: axum::extract::multipart::MultipartError| {
            Problem::new(error.status(), "form", texts(lang).get("apply.unreadable"))
        };
        let text = |bytes: Bytes| {
            let refused = |_| Problem::bad_request("form", texts(lang).get("apply.unreadable"));
            String::from_utf8(bytes.into()).map_err(refused)
        };
        let mut entered = BTreeMap::new();
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            let Some(claim) = field.name().and_then(|name| of.asked().find(|claim| claim.name == name))
            else {
                if let Some(name) = field.name().map(str::to_owned).filter(|_| field.file_name().is_none()) {
                    others.insert(name, text(field.bytes().await.map_err(unreadable)?)?);
                }
                continue;
            };
            let (name, is_file) = (claim.name.clone(), field.file_name().is_some());
            let bytes = field.bytes().await.map_err(unreadable)?;
            let text = match is_file {
                // No file chosen: what was kept from before stands.
                true if bytes.is_empty() => continue,
                true => picture::data_url(&bytes),
                false => text(bytes)?,
            };
            // Several boxes of one field are sent one by one.
            entered
                .entry(name)
                .and_modify(|all: &mut String| {
                    if claim.kind == Kind::Choices {
                        all.push_str(SEPARATOR);
                        all.push_str(&text);
                    } else {
                        all.clone_from(&text);
                    }
                })
                .or_insert(text);
        }
        Ok((Self(entered), others))
    }

    /// As claims, for the catalogue to check.
    pub(super) fn claims(&self, of: &CredentialType) -> Map<String, Value> {
        let claim = |claim: &Claim| {
            let entered = self.of(claim);
            let absent = entered.trim().is_empty() && claim.kind != Kind::Bool;
            (!absent).then(|| (claim.name.clone(), from_entered(claim, entered)))
        };
        of.asked().filter_map(claim).collect()
    }

    fn of(&self, claim: &Claim) -> &str {
        self.0.get(&claim.name).map(String::as_str).unwrap_or_default()
    }
}

/// The fields, with what was entered and what is wrong with it.
pub(super) fn fields(lang: Lang, of: &CredentialType, entered: &Entered, errors: &[ClaimError]) -> Markup {
    html! {
        div.fields { @for claim in of.asked() {
            @let error = errors.iter().find(|error| error.claim == claim.name);
            @let error = error.map(|error| message(lang, error)).unwrap_or_default();
            @if claim.kind == Kind::Image { (picture_field(lang, claim, entered.of(claim), &error)) }
            @else if claim.kind == Kind::Choices { (choices_field(lang, claim, entered.of(claim), &error)) }
            @else { (field(lang, claim, entered.of(claim), error).render(lang)) }
        } }
    }
}

/// All that is wrong, field by field, for the head of the form.
pub(super) fn summary(lang: Lang, of: &CredentialType, errors: &[ClaimError]) -> Vec<(String, String)> {
    let line = |error: &ClaimError| {
        let claim = of.claim(&error.claim)?;
        let text = texts(lang)
            .with("apply.error", &[("label", label(lang, claim)), ("error", &message(lang, error))]);
        Some((error.claim.clone(), text))
    };
    errors.iter().filter_map(line).collect()
}

fn message(lang: Lang, error: &ClaimError) -> String {
    let text = error.problem.text();
    match lang {
        Lang::Zh => text.zh,
        Lang::En => text.en,
    }
}

fn field(lang: Lang, claim: &Claim, value: &str, error: String) -> Field {
    let t = texts(lang);
    let kind = match claim.kind {
        Kind::Date | Kind::DayAhead => FieldKind::Date,
        Kind::LongText => FieldKind::Lines,
        Kind::Bool => FieldKind::Check,
        Kind::Enum => {
            let choices = claim.values.iter().map(|choice| Choice {
                value: choice.value.clone(),
                label: lang.pick(&choice.label.zh, &choice.label.en).to_owned(),
            });
            // A few can all be seen at once; a long list folds.
            if claim.values.len() <= 4 {
                FieldKind::Radio(choices.collect())
            } else {
                FieldKind::Select(choices.collect())
            }
        }
        _ => FieldKind::Text,
    };
    let hint = match claim.kind {
        Kind::MoneyFen => t.get("field.money-hint"),
        Kind::Term => t.get("field.term-hint"),
        Kind::IdNumber => t.get("field.id-number-hint"),
        Kind::CreditCode => t.get("field.credit-code-hint"),
        Kind::LicenceIdentifier => t.get("field.licence-hint"),
        _ => "",
    };
    let half = matches!(claim.kind, Kind::Date | Kind::DayAhead | Kind::Enum | Kind::Term | Kind::MoneyFen);
    let mut field =
        Field::new(&claim.name, label(lang, claim)).kind(kind).value(value).hint(hint).error(error);
    if half {
        field = field.half();
    }
    // The browser's own check would keep a form from being sent that our page explains better; and a box may stay empty.
    if claim.required && claim.kind != Kind::Bool { field } else { field.optional() }
}

/// A box for each choice.
fn choices_field(lang: Lang, claim: &Claim, entered: &str, error: &str) -> Markup {
    let chosen: Vec<&str> = entered.split(SEPARATOR).collect();
    html! {
        div.field.invalid[!error.is_empty()] {
            fieldset aria-describedby=[(!error.is_empty()).then(|| format!("f-{}-error", claim.name))] {
                legend { (label(lang, claim)) }
                @if !error.is_empty() { p.error id={ "f-" (claim.name) "-error" } { (error) } }
                div.choices { @for choice in &claim.values { label.choice {
                    input type="checkbox" name=(claim.name) value=(choice.value)
                        checked[chosen.contains(&choice.value.as_str())];
                    span { (lang.pick(&choice.label.zh, &choice.label.en)) }
                } } }
            }
        }
    }
}

/// A picture can't be put back into a file field: it is kept beside it, and shown.
fn picture_field(lang: Lang, claim: &Claim, kept: &str, error: &str) -> Markup {
    let t = texts(lang);
    html! {
        div.field.stack.invalid[!error.is_empty()] {
            @if picture::is_shown(kept) {
                div.row {
                    img.portrait src=(kept) alt=(label(lang, claim));
                    p.hint { (t.get("apply.image-kept")) }
                }
                input type="hidden" name=(claim.name) value=(kept);
            }
            @if !error.is_empty() { p.error id={ "f-" (claim.name) "-error" } { (error) } }
            (upload(&claim.name, label(lang, claim), t.get("apply.image-hint"), "image/png,image/jpeg"))
        }
    }
}
