//! What a catalogue file says.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{CatalogueError, DeskRules, MdocForm, ReasonCode};
use crate::data_integrity::Cryptosuite;
use crate::{ClaimPath, json};

/// A text for people, in Chinese and in English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A type of credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialType {
    /// The id: lower case and hyphens, such as `business-licence`.
    pub id: String,
    /// The version of this definition, from 1.
    pub version: u32,
    /// The `vct` as an SD-JWT VC: `urn:huizheng:business-licence:1`.
    pub vct: String,
    /// The type name as a VCDM credential: `BusinessLicence`.
    pub vc_type: String,
    /// What it is called.
    pub label: Text,
    /// What it is, in a sentence.
    pub description: Text,
    /// How the card is coloured.
    pub colours: Colours,
    /// The seed of the card's guilloche pattern.
    pub pattern: u32,
    /// The claim that names the card: whose it is.
    pub holder_line: String,
    /// For how many days it is valid from its issue.
    pub validity_days: u32,
    /// In which formats it is issued.
    pub formats: Vec<Format>,
    /// How it is secured as a VCDM credential; with `ecdsa-sd-2023` its holder chooses what to show.
    #[serde(default = "jcs", skip_serializing_if = "is_jcs")]
    pub cryptosuite: Cryptosuite,
    /// The claims, in the order in which they are shown.
    pub claims: Vec<Claim>,
    /// How it is written as an mdoc, if it ever is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mdoc: Option<MdocForm>,
    /// How a desk handles it. No part of the definition that others rely on, so it is in no digest.
    #[serde(default, skip_serializing)]
    pub desk: DeskRules,
}

/// A format that a credential is issued in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// SD-JWT VC.
    #[serde(rename = "dc+sd-jwt")]
    SdJwtVc,
    /// VCDM 2.0 with Data Integrity.
    #[serde(rename = "ldp_vc")]
    LdpVc,
    /// ISO mdoc.
    #[serde(rename = "mso_mdoc")]
    MsoMdoc,
}

/// The colours of a card, `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colours {
    /// The background where it begins.
    pub from: String,
    /// The background where it ends.
    pub to: String,
    /// The text.
    pub ink: String,
}

/// A claim of a type of credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The name, camelCase.
    pub name: String,
    /// What it is called.
    pub label: Text,
    /// What it holds and how it is checked.
    pub kind: Kind,
    /// Whether every credential has it.
    #[serde(default = "yes")]
    pub required: bool,
    /// Whether the holder may hold it back.
    #[serde(default = "yes")]
    pub selectively_disclosable: bool,
    /// Whether it is written in Latin letters (ISO 8859-1), as ISO/IEC 18013-5 asks of most texts; up to 150 of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub latin: bool,
    /// A synthetic value that passes the checks.
    #[serde(default)]
    pub example: Option<Value>,
    /// The values there are, for [`Kind::Enum`] and [`Kind::Choices`].
    #[serde(default)]
    pub values: Vec<Choice>,
    /// It is not asked for but follows from the rest.
    #[serde(default)]
    pub derived: Option<Derived>,
    /// It must say the same as another claim.
    #[serde(default)]
    pub agrees_with: Option<Agreement>,
    /// The form of a text: `A` for a capital letter, `9` for a digit, anything else for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

fn yes() -> bool {
    true
}

fn jcs() -> Cryptosuite {
    Cryptosuite::EddsaJcs2022
}

/// The usual one is not written, so that definitions from before there was a choice keep their digests.
fn is_jcs(suite: &Cryptosuite) -> bool {
    *suite == jcs()
}

/// What a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A line of text, up to 200 characters.
    Text,
    /// Text of several lines, up to 2,000 characters.
    LongText,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A day, or `long-term`.
    Term,
    /// A day that is not past. The credential ends with it, if not before.
    DayAhead,
    /// A resident ID number (GB 11643).
    IdNumber,
    /// A unified social credit code (GB 32100-2015).
    CreditCode,
    /// An e-licence identifier (GB/T 36904).
    LicenceIdentifier,
    /// An amount of money in fen, a whole number that is not negative.
    MoneyFen,
    /// A picture: `data:image/png;base64,…` or `data:image/jpeg;base64,…`, up to 48 KiB decoded.
    Image,
    /// One of the values listed.
    Enum,
    /// Some of the values listed, at least one, none twice: a list.
    Choices,
    /// A commitment: 32 bytes as 64 small hexadecimal digits, which say nothing without their opening.
    Commitment,
    /// Yes or no.
    Bool,
}

/// A value that a claim can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The value in the credential.
    pub value: String,
    /// What it is called.
    pub label: Text,
}

/// How a claim follows from the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Derived {
    /// Whether so many years have passed since the day in another claim.
    AgeOver {
        /// The years.
        years: u32,
        /// The claim with the day.
        from: String,
    },
    /// The day of issue.
    IssueDate,
    /// The last day of validity.
    ExpiryDate,
}

/// What a claim must agree with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// The other claim.
    pub claim: String,
    /// Which part of the other claim.
    pub part: Part,
}

/// A part of a claim's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The birth date inside an ID number.
    BirthDate,
    /// The sex inside an ID number, as `male` or `female`.
    Sex,
}

impl CredentialType {
    /// The claim with this name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.name == name)
    }

    /// Its document type as an mdoc, if it ever is one.
    #[must_use]
    pub fn doc_type(&self) -> Option<&str> {
        self.mdoc.as_ref().map(|form| form.doc_type.as_str())
    }

    /// The claims that an applicant fills in: all that are not derived.
    pub fn asked(&self) -> impl Iterator<Item = &Claim> + '_ {
        self.claims.iter().filter(|claim| claim.derived.is_none())
    }

    /// Synthetic values for every claim that is asked for; they pass the checks.
    #[must_use]
    pub fn example(&self) -> Value {
        Value::Object(
            self.asked().filter_map(|claim| Some((claim.name.clone(), claim.example.clone()?))).collect(),
        )
    }

    /// The id of the OpenID4VCI configuration that issues this type in a format: `business-licence-sd-jwt`,
    /// `business-licence-vc`, `drivers-licence-mdoc`.
    #[must_use]
    pub fn configuration_id(&self, format: Format) -> String {
        match format {
            Format::SdJwtVc => format!("{}-sd-jwt", self.id),
            Format::LdpVc => format!("{}-vc", self.id),
            Format::MsoMdoc => format!("{}-mdoc", self.id),
        }
    }

    /// Whether a holder of this format can show some claims and hold others back.
    #[must_use]
    pub fn is_selective(&self, format: Format) -> bool {
        match format {
            Format::SdJwtVc | Format::MsoMdoc => true,
            Format::LdpVc => self.cryptosuite == Cryptosuite::EcdsaSd2023,
        }
    }

    /// The SHA-256 of this definition in canonical JSON: what the chain registers as the type's schema.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        // Every member has a JSON form, so the value is never the default.
        let value = serde_json::to_value(self).unwrap_or_default();
        Sha256::digest(json::canonical(&value)).into()
    }

    pub(super) fn check_consistency(&self) -> Result<(), CatalogueError> {
        let wrong =
            |what: String| Err(CatalogueError::Inconsistent { credential_type: self.id.clone(), what });
        if self.claim(&self.holder_line).is_none() {
            return wrong(format!("no claim {} for the holder line", self.holder_line));
        }
        for (at, claim) in self.claims.iter().enumerate() {
            let name = &claim.name;
            if self.claims[..at].iter().any(|other| other.name == *name) {
                return wrong(format!("the claim {name} is there twice"));
            }
            let refers_to = match (&claim.derived, &claim.agrees_with) {
                (Some(Derived::AgeOver { from, .. }), _) => Some(from),
                (_, Some(agreement)) => Some(&agreement.claim),
                _ => None,
            };
            if let Some(other) = refers_to.filter(|other| self.claim(other).is_none()) {
                return wrong(format!("{name} refers to {other}, which is not there"));
            }
            if matches!(claim.kind, Kind::Enum | Kind::Choices) == claim.values.is_empty() {
                return wrong(format!("{name} must have values if and only if it is an enum or choices"));
            }
            if claim.pattern.is_some() && claim.kind != Kind::Text {
                return wrong(format!("{name} has a pattern and is no text"));
            }
            if claim.required && claim.derived.is_none() && claim.example.is_none() {
                return wrong(format!("{name} has no example"));
            }
        }
        if self.formats.contains(&Format::MsoMdoc) && self.mdoc.is_none() {
            return wrong("issued as mso_mdoc, and says nowhere how it is written as one".to_owned());
        }
        if let Some(name) = self.desk.identified_by.as_ref().filter(|name| self.claim(name).is_none()) {
            return wrong(format!("no claim {name} to tell holders apart by"));
        }
        if !(1..=2).contains(&self.desk.approvals.unwrap_or(1)) {
            return wrong("one or two people approve".to_owned());
        }
        if let Some(code) = self.desk.reasons.iter().find(|code| ReasonCode::by_code(code).is_none()) {
            return wrong(format!("no reason has the code {code}"));
        }
        if let Some(what) = self.mdoc_inconsistency() {
            return wrong(what);
        }
        let colours = [&self.colours.from, &self.colours.to, &self.colours.ink];
        let is_colour = |text: &&String| {
            text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit())
        };
        if !colours.iter().all(is_colour) {
            return wrong("colours must be #rrggbb".to_owned());
        }
        Ok(())
    }
}

impl Claim {
    /// Where it stands in the credential.
    #[must_use]
    pub fn path(&self) -> ClaimPath {
        ClaimPath::top(&self.name)
    }

    /// What a value of this claim is called: the label of a choice, otherwise nothing.
    #[must_use]
    pub fn choice_label(&self, value: &Value) -> Option<&Text> {
        let value = value.as_str()?;
        self.values.iter().find(|choice| choice.value == value).map(|choice| &choice.label)
    }

    /// What a list of choices is called, one after the other; nothing for a value of another kind.
    #[must_use]
    pub fn choices_text(&self, value: &Value) -> Option<Text> {
        let labels =
            value.as_array()?.iter().map(|one| self.choice_label(one)).collect::<Option<Vec<_>>>()?;
        let joined = |pick: fn(&Text) -> &str, by: &str| {
            labels.iter().map(|label| pick(label)).collect::<Vec<_>>().join(by)
        };
        Some(Text { zh: joined(|text| &text.zh, "、"), en: joined(|text| &text.en, ", ") })
    }
}
