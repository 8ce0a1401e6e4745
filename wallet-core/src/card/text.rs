//! Values for people, in each language's own form.

use credentials::catalogue::{Claim, Kind};
use registry::LocalText;
use serde_json::Value;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A claim's value for people.
pub(super) fn of(claim: &Claim, value: &Value) -> LocalText {
    let shown = match claim.kind {
        Kind::Date | Kind::DayAhead => value.as_str().and_then(day),
        Kind::Term if value == "long-term" => Some(LocalText::new("长期", "Long-term")),
        Kind::Term => value.as_str().and_then(day),
        Kind::MoneyFen => value.as_u64().map(money),
        Kind::Bool => value.as_bool().map(|yes| match yes {
            true => LocalText::new("是", "Yes"),
            false => LocalText::new("否", "No"),
        }),
        Kind::Enum => claim.choice_label(value).map(super::show::local),
        Kind::Choices => claim.choices_text(value).as_ref().map(super::show::local),
        Kind::Image => Some(LocalText::new("照片", "Picture")),
        Kind::Text
        | Kind::LongText
        | Kind::IdNumber
        | Kind::CreditCode
        | Kind::LicenceIdentifier
        | Kind::Commitment => None,
    };
    shown.unwrap_or_else(|| plain(value))
}

/// A value as it is: text bare, anything else as JSON.
pub(super) fn plain(value: &Value) -> LocalText {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    LocalText::new(text.clone(), text)
}

/// `2021-06-18` as `2021年6月18日` and `18 June 2021`.
fn day(text: &str) -> Option<LocalText> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<usize>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let name = MONTHS.get(month.checked_sub(1)?)?;
    Some(LocalText::new(format!("{year}年{month}月{day}日"), format!("{day} {name} {year}")))
}

/// Fen as yuan: `5,000,000.00 元`, `CNY 5,000,000.00`.
fn money(fen: u64) -> LocalText {
    let digits = (fen / 100).to_string();
    let mut yuan = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            yuan.push(',');
        }
        yuan.push(digit);
    }
    let rest = fen % 100;
    LocalText::new(format!("{yuan}.{rest:02} 元"), format!("CNY {yuan}.{rest:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_money_read_well() {
        assert_eq!(day("2021-06-08"), Some(LocalText::new("2021年6月8日", "8 June 2021")));
        assert_eq!(day("2021-13-08"), None);
        assert_eq!(day("soon"), None);
        assert_eq!(money(500_000_000), LocalText::new("5,000,000.00 元", "CNY 5,000,000.00"));
        assert_eq!(money(5), LocalText::new("0.05 元", "CNY 0.05"));
        assert_eq!(money(99_999), LocalText::new("999.99 元", "CNY 999.99"));
    }
}
