//! The claims that were shown: kept in memory for a while, never written to the disk, never in a log. Written as JSON they go, sealed, from
//! one instance's memory to another's.

use credentials::catalogue::{Claim, CredentialType, Kind};
use protocol::Format;
use protocol::dcql::{ClaimPath, DcqlQuery, QueryId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Lang, dates};

use super::credential::Received;
use super::words::texts;

/// The claims of one genuine credential that were asked for, in the catalogue's order.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) query: QueryId,
    /// The catalogue's id of its type.
    pub(crate) credential_type: String,
    /// Name and value.
    pub(crate) claims: Vec<(String, Value)>,
}

// Personal: only the type is shown.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("credential_type", &self.credential_type).finish_non_exhaustive()
    }
}

impl Shown {
    pub(super) fn of(one: &Received, credential_type: &CredentialType, query: &DcqlQuery) -> Self {
        let asked = query.credential(&one.query).and_then(|part| part.claims.as_deref()).unwrap_or_default();
        let was_asked = |path: &[&str]| {
            let shown = ClaimPath::of_names(path.iter().copied());
            shown.is_ok_and(|shown| asked.iter().any(|asked| asked.path.accounts_for(&shown)))
        };
        let mut held = one.subject_claims(credential_type);
        let mut claims = Vec::new();
        let mut show = |name: &str, path: &[&str]| {
            if was_asked(path)
                && let Some(value) = held.remove(name)
            {
                claims.push((name.to_owned(), value));
            }
        };
        match (one.format(), &credential_type.mdoc) {
            (Format::MsoMdoc, Some(form)) => {
                for element in &form.elements {
                    let name = element.claim().unwrap_or(&element.element);
                    show(name, &[form.namespace_of(element), &element.element]);
                }
            }
            (Format::LdpVc, _) => {
                credential_type.claims.iter().for_each(|c| show(&c.name, &["credentialSubject", &c.name]));
            }
            _ => credential_type.claims.iter().for_each(|c| show(&c.name, &[&c.name])),
        }
        Self { query: one.query.clone(), credential_type: credential_type.id.clone(), claims }
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        let text = |value: &Value| value.as_str().map_or(32, str::len);
        256 + self.claims.iter().map(|(name, value)| 64 + name.len() + text(value)).sum::<usize>()
    }

    /// The portrait, a `data:image/…` URL, if one was asked for and is one.
    pub(crate) fn portrait(&self, credential_type: &CredentialType) -> Option<&str> {
        let is_image =
            |name: &str| credential_type.claim(name).is_some_and(|claim| claim.kind == Kind::Image);
        let (_, value) = self.claims.iter().find(|(name, _)| is_image(name))?;
        let safe = |url: &&str| {
            ["data:image/png;base64,", "data:image/jpeg;base64,"].iter().any(|prefix| url.starts_with(prefix))
        };
        value.as_str().filter(safe)
    }

    /// Label and value of every claim that is text, in a language.
    pub(crate) fn in_words(&self, credential_type: &CredentialType, lang: Lang) -> Vec<(String, String)> {
        let word = |(name, value): &(String, Value)| {
            let label = credential_type.label_of(name)?;
            let text = match credential_type.claim(name) {
                Some(claim) => in_words(claim, value, lang)?,
                None => credential_type.element_in_words(name, value)?,
            };
            Some((lang.pick(&label.zh, &label.en).to_owned(), text))
        };
        self.claims.iter().filter_map(word).collect()
    }
}

/// A value as people read it; nothing for a picture.
fn in_words(claim: &Claim, value: &Value, lang: Lang) -> Option<String> {
    let t = texts(lang);
    let plain = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(match claim.kind {
        Kind::Image => return None,
        Kind::Enum => {
            claim.choice_label(value).map_or_else(plain, |label| lang.pick(&label.zh, &label.en).to_owned())
        }
        Kind::Bool => match value.as_bool() {
            Some(true) => t.get("value.yes").to_owned(),
            Some(false) => t.get("value.no").to_owned(),
            None => plain(),
        },
        Kind::Term if value == "long-term" => t.get("value.long_term").to_owned(),
        Kind::Date | Kind::DayAhead | Kind::Term => dates::day_text(lang, &plain()),
        Kind::MoneyFen => value.as_u64().map_or_else(plain, yuan),
        Kind::Choices => {
            claim.choices_text(value).map_or_else(plain, |label| lang.pick(&label.zh, &label.en).to_owned())
        }
        Kind::Text
        | Kind::LongText
        | Kind::IdNumber
        | Kind::CreditCode
        | Kind::LicenceIdentifier
        | Kind::Commitment => plain(),
    })
}

/// `¥5,000,000.00`.
fn yuan(fen: u64) -> String {
    let whole = (fen / 100).to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("¥{grouped}.{:02}", fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::catalogue::Catalogue;
    use serde_json::json;

    #[test]
    fn values_read_as_people_write_them() {
        assert_eq!(yuan(0), "¥0.00");
        assert_eq!(yuan(99_999), "¥999.99");
        assert_eq!(yuan(500_000_000), "¥5,000,000.00");
        let catalogue = Catalogue::bundled().expect("bundled");
        let claim = |credential_type: &str, name: &str| {
            catalogue.by_id(credential_type).expect("type").claim(name).expect("claim").clone()
        };
        let read = |claim: &Claim, value: Value, lang| in_words(claim, &value, lang).expect("text");
        let sex = claim("digital-id", "sex");
        assert_eq!(
            (read(&sex, json!("female"), Lang::Zh), read(&sex, json!("female"), Lang::En)),
            ("女".into(), "Female".into())
        );
        let term = claim("business-licence", "term");
        assert_eq!(read(&term, json!("long-term"), Lang::Zh), "长期");
        let established = claim("business-licence", "established");
        assert_eq!(read(&established, json!("2021-06-18"), Lang::Zh), "2021年6月18日");
        assert_eq!(
            in_words(&claim("digital-id", "portrait"), &json!("data:image/png;base64,AA"), Lang::Zh),
            None
        );
    }

    #[test]
    fn only_a_picture_is_a_portrait() {
        let catalogue = Catalogue::bundled().expect("bundled");
        let id = catalogue.by_id("digital-id").expect("type");
        let with = |url: &str| Shown {
            query: QueryId::new("q").expect("id"),
            credential_type: "digital-id".into(),
            claims: vec![("portrait".into(), json!(url))],
        };
        assert!(with("data:image/png;base64,AA==").portrait(id).is_some());
        assert!(with("https://elsewhere.example/track.png").portrait(id).is_none());
        assert!(with("data:image/svg+xml,<svg/>").portrait(id).is_none());
        assert!(!format!("{:?}", with("data:image/png;base64,AA==")).contains("base64"));
    }
}
