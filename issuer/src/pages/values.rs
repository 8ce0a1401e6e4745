//! Claims for people: amounts in yuan, days in words, choices by their labels; and back from what a form sends.

use credentials::catalogue::{Claim, Kind};
use serde_json::Value;
use service::ui::{Markup, html};
use service::{Lang, dates};

use super::picture;
use crate::core::texts;

/// The value that says that a term has no end.
const LONG_TERM: &str = "long-term";

/// Stands between several choices of one field.
pub(super) const SEPARATOR: &str = "\n";

/// A claim's value as a page shows it.
pub(super) fn shown(lang: Lang, claim: &Claim, value: &Value) -> Markup {
    let t = texts(lang);
    match (claim.kind, value) {
        (Kind::Image, Value::String(url)) if picture::is_shown(url) => {
            html! { img.portrait src=(url) alt=(label(lang, claim)); }
        }
        (Kind::Date | Kind::DayAhead, Value::String(day)) => html! { (dates::day_text(lang, day)) },
        (Kind::Term, Value::String(term)) if term == LONG_TERM => html! { (t.get("field.long-term")) },
        (Kind::Term, Value::String(day)) => html! { (dates::day_text(lang, day)) },
        (Kind::MoneyFen, Value::Number(_)) => {
            html! { span.figures { (t.with("field.yuan", &[("amount", &as_entered(lang, claim, value))])) } }
        }
        (Kind::Bool, Value::Bool(yes)) => {
            html! { (if *yes { t.get("field.yes") } else { t.get("field.no") }) }
        }
        (Kind::Choices, Value::Array(_)) => match claim.choices_text(value) {
            Some(chosen) => html! { (lang.pick(&chosen.zh, &chosen.en)) },
            None => html! { (value) },
        },
        (_, Value::String(text)) => match claim.choice_label(value) {
            Some(choice) => html! { (lang.pick(&choice.zh, &choice.en)) },
            None => html! { (text) },
        },
        (_, other) => html! { (other) },
    }
}

/// A claim's value as a form's field holds it.
pub(super) fn as_entered(lang: Lang, claim: &Claim, value: &Value) -> String {
    match (claim.kind, value) {
        (Kind::MoneyFen, Value::Number(number)) => number.as_u64().map(yuan).unwrap_or_default(),
        (Kind::Term, Value::String(term)) if term == LONG_TERM => {
            texts(lang).get("field.long-term").to_owned()
        }
        (Kind::Choices, Value::Array(chosen)) => {
            chosen.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(SEPARATOR)
        }
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}

/// What a field holds, as a claim. What doesn't fit is passed on as text, for the catalogue's check to refuse by name.
pub(super) fn from_entered(claim: &Claim, entered: &str) -> Value {
    let entered = entered.trim();
    match claim.kind {
        Kind::MoneyFen if !entered.is_empty() => fen(entered).map_or_else(|| entered.into(), Value::from),
        Kind::Term if matches!(entered.to_lowercase().as_str(), "长期" | "long term" | LONG_TERM) => {
            LONG_TERM.into()
        }
        Kind::Bool => Value::Bool(entered == "true"),
        Kind::Choices => entered.split(SEPARATOR).filter(|one| !one.is_empty()).map(Value::from).collect(),
        Kind::IdNumber | Kind::CreditCode | Kind::LicenceIdentifier => entered.to_uppercase().into(),
        // Browsers send line ends as CR LF.
        Kind::LongText => entered.replace("\r\n", "\n").into(),
        _ => entered.into(),
    }
}

/// A claim's label.
pub(super) fn label(lang: Lang, claim: &Claim) -> &str {
    lang.pick(&claim.label.zh, &claim.label.en)
}

/// `5,000,000` or `12.50`.
fn yuan(fen: u64) -> String {
    let whole = (fen / 100).to_string();
    let mut grouped = String::with_capacity(whole.len() + whole.len() / 3 + 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fen % 100 {
        0 => grouped,
        rest => format!("{grouped}.{rest:02}"),
    }
}

/// Whole fen of an amount in yuan with at most two decimals.
fn fen(entered: &str) -> Option<u64> {
    let plain: String = entered.chars().filter(|c| !matches!(c, ',' | '，' | ' ')).collect();
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > 2 || !digits(whole) || !digits(rest) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let rest: u64 = format!("{rest:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_go_there_and_back() {
        for (entered, amount) in
            [("5,000,000", 500_000_000), ("12.5", 1250), ("12.05", 1205), ("0", 0), ("1，000", 100_000)]
        {
            assert_eq!(fen(entered), Some(amount), "{entered}");
        }
        for wrong in ["", "-1", "1.234", "1e9", ".5", "一百", "99999999999999999999"] {
            assert_eq!(fen(wrong), None, "{wrong}");
        }
        assert_eq!(yuan(500_000_000), "5,000,000");
        assert_eq!(yuan(1205), "12.05");
    }
}
