//! What is presented in the place of a form, as a department sets it, and as it is once it was checked.

use std::collections::BTreeMap;

use credentials::UnixSeconds;
use credentials::catalogue::{Catalogue, CredentialType, Format};
use protocol::Format as ProtocolFormat;
use protocol::dcql::{ClaimPath, ClaimQuery, CredentialQuery, DcqlQuery, Meta, QueryError, QueryId};
use registry::Slug;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::issuance::Kinds;

/// One credential type that is applied for by presenting another credential. In TOML:
///
/// ```toml
/// [[one_stop]]
/// credential_type = "tax-registration"
/// presented = "business-licence"
/// purpose = "tax-registration"
/// taken = { taxpayerNumber = "creditCode", name = "name" }
/// given = { taxAuthority = "…", taxpayerKind = "small-scale", taxTypes = ["vat"] }
/// approval = "at-once"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneStop {
    /// What is applied for: one of the types that are issued here.
    pub credential_type: String,
    /// What is presented, by its catalogue id.
    pub presented: String,
    /// The purpose that is registered on the chain for this issuer's DID, and allows at least the claims that are taken.
    pub purpose: Slug,
    /// The claims that the presented credential gives: the application's name of each, and the presented credential's.
    pub taken: BTreeMap<String, String>,
    /// What the department itself says of every holder, unless its own records say otherwise.
    #[serde(default)]
    pub given: Map<String, Value>,
    /// Who decides.
    #[serde(default)]
    pub approval: Approval,
}

/// Who decides on an application that was made by presenting a credential. Where the holder has another application for the same
/// type, a clerk always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// A clerk.
    #[default]
    ByClerk,
    /// Nobody need, when the department's own record of the holder agrees; a clerk where it has none.
    WhenRecorded,
    /// Nobody need: a credential that stands is enough.
    AtOnce,
}

/// Why a `one_stop` can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OneStopError {
    /// The type is not issued here.
    #[error("it is not issued here")]
    NotIssued,
    /// The type is there twice.
    #[error("it is there twice")]
    Twice,
    /// The catalogue has no such type to present.
    #[error("the catalogue has no `{0}`")]
    UnknownType(String),
    /// A claim that one of the two types doesn't have.
    #[error("there is no claim `{0}`")]
    UnknownClaim(String),
    /// The two claims are of different kinds.
    #[error("`{0}` is of another kind than the claim it is taken from")]
    OtherKind(String),
    /// A claim is both taken and given.
    #[error("`{0}` is both taken and given")]
    Both(String),
    /// What tells the holder must come from what is presented.
    #[error("`{0}` says whose it is, so it must be taken from what is presented")]
    NotIdentified(String),
    /// A claim that every application has is neither taken nor given, or what is given doesn't pass the type's checks.
    #[error("`{0}` is missing, or what is given for it is not right")]
    Claim(String),
    /// Two people approve this type.
    #[error("two people approve this type: approval must be `by-clerk`")]
    TwoApprove,
    /// It can't be shown claim by claim.
    #[error("`{0}` is not issued as SD-JWT VC")]
    ShownWhole(String),
    /// The query that it makes.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// The same, once it was checked.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// What is applied for.
    pub(crate) of: &'static CredentialType,
    /// What is presented.
    pub(crate) presented: &'static CredentialType,
    pub(crate) purpose: Slug,
    pub(crate) query: DcqlQuery,
    pub(crate) taken: BTreeMap<String, String>,
    pub(crate) given: Map<String, Value>,
    pub(crate) approval: Approval,
}

/// One credential of a type, claim by claim: all of these.
fn query<'c>(
    presented: &CredentialType,
    claims: impl Iterator<Item = &'c String>,
) -> Result<DcqlQuery, OneStopError> {
    let claim = |name: &String| {
        let path = ClaimPath::of_names([name.as_str()]);
        let path = path.map_err(|_| OneStopError::UnknownClaim(name.clone()))?;
        Ok(ClaimQuery { id: None, path, values: None, intent_to_retain: None })
    };
    let query = DcqlQuery {
        credentials: vec![CredentialQuery {
            id: QueryId::new(&presented.configuration_id(Format::SdJwtVc))?,
            format: ProtocolFormat::SdJwtVc,
            multiple: false,
            meta: Meta { vct_values: Some(vec![presented.vct.clone()]), ..Meta::default() },
            trusted_authorities: None,
            require_cryptographic_holder_binding: true,
            claims: Some(claims.map(claim).collect::<Result<_, OneStopError>>()?),
            claim_sets: None,
        }],
        credential_sets: None,
    };
    query.validate()?;
    Ok(query)
}

impl Step {
    /// Checks a setting against the catalogue and what is issued here.
    pub(crate) fn of(
        config: OneStop,
        kinds: &Kinds,
        catalogue: &'static Catalogue,
        now: UnixSeconds,
    ) -> Result<Self, OneStopError> {
        let of = kinds.credential_type(&config.credential_type).ok_or(OneStopError::NotIssued)?;
        let unknown = || OneStopError::UnknownType(config.presented.clone());
        let presented = catalogue.by_id(&config.presented).ok_or_else(unknown)?;
        if of.desk.approvals() > 1 && config.approval != Approval::ByClerk {
            return Err(OneStopError::TwoApprove);
        }
        for (here, there) in &config.taken {
            let of_ours = of.asked().find(|claim| claim.name == *here);
            let ours = of_ours.ok_or_else(|| OneStopError::UnknownClaim(here.clone()))?;
            let theirs = presented.claim(there).ok_or_else(|| OneStopError::UnknownClaim(there.clone()))?;
            if ours.kind != theirs.kind {
                return Err(OneStopError::OtherKind(here.clone()));
            }
            if config.given.contains_key(here) {
                return Err(OneStopError::Both(here.clone()));
            }
        }
        let identifier = of.desk.identified_by.as_ref().unwrap_or(&of.holder_line);
        if let Some(missing) =
            [identifier, &of.holder_line].into_iter().find(|name| !config.taken.contains_key(*name))
        {
            return Err(OneStopError::NotIdentified(missing.clone()));
        }
        if !presented.formats.contains(&Format::SdJwtVc) {
            return Err(OneStopError::ShownWhole(presented.id.clone()));
        }
        let query = query(presented, config.taken.values())?;
        let OneStop { purpose, taken, given, approval, .. } = config;
        let step = Self { of, presented, purpose, query, taken, given, approval };
        step.check_with_example(now)?;
        Ok(step)
    }

    /// The claims that are asked for, by their names in what is presented.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.taken.values().cloned().collect()
    }

    /// What an application has from what was presented; nothing when a claim is missing there.
    pub(crate) fn taken_from(&self, shown: &Map<String, Value>) -> Option<Map<String, Value>> {
        let one = |(here, there): (&String, &String)| Some((here.clone(), shown.get(there)?.clone()));
        self.taken.iter().map(one).collect()
    }

    /// An example of what is presented, and what is given, must make an application: found at the start, not by an applicant.
    fn check_with_example(&self, now: UnixSeconds) -> Result<(), OneStopError> {
        let example = self.presented.example();
        let shown = example.as_object().cloned().unwrap_or_default();
        let mut claims = self.given.clone();
        claims.extend(self.taken_from(&shown).unwrap_or_default());
        match self.of.validate_claims(&Value::Object(claims), now) {
            Ok(_) => Ok(()),
            Err(errors) => Err(OneStopError::Claim(
                errors.into_iter().next().map(|error| error.claim).unwrap_or_default(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn setting(change: impl FnOnce(&mut Value)) -> Result<Step, OneStopError> {
        let mut setting = json!({
            "credential_type": "tax-registration",
            "presented": "business-licence",
            "purpose": "tax-registration",
            "taken": {"taxpayerNumber": "creditCode", "name": "name"},
            "given": {"taxAuthority": "税务局", "taxpayerKind": "small-scale", "taxTypes": ["vat"]},
            "approval": "at-once",
        });
        change(&mut setting);
        let catalogue = Catalogue::bundled().expect("catalogue");
        let kinds =
            Kinds::of(catalogue, &["tax-registration".into(), "talent-certificate".into()]).expect("kinds");
        Step::of(
            serde_json::from_value(setting).expect("reads"),
            &kinds,
            catalogue,
            UnixSeconds(1_790_000_000),
        )
    }

    #[test]
    fn it_asks_for_what_it_takes_and_nothing_else() {
        let step = setting(|_| {}).expect("right");
        assert_eq!(step.asked(), ["name", "creditCode"]);
        assert_eq!(step.query.credentials.len(), 1);
        assert_eq!(step.query.credentials[0].claims.as_ref().map(Vec::len), Some(2));
    }

    #[test]
    fn what_can_only_be_shown_whole_is_not_asked_for() {
        let licence = include_str!("../../../catalogue/business-licence.toml");
        let whole = licence.replace(r#"formats = ["dc+sd-jwt", "ldp_vc"]"#, r#"formats = ["ldp_vc"]"#);
        assert_ne!(whole, licence);
        let catalogue = Box::leak(Box::new(Catalogue::parse(&[&whole]).expect("a catalogue")));
        let issued = Catalogue::bundled().expect("catalogue");
        let kinds = Kinds::of(issued, &["tax-registration".into()]).expect("kinds");
        let setting = OneStop {
            credential_type: "tax-registration".into(),
            presented: "business-licence".into(),
            purpose: Slug::new("tax-registration").expect("a name"),
            taken: [("taxpayerNumber", "creditCode"), ("name", "name")]
                .map(|(here, there)| (here.to_owned(), there.to_owned()))
                .into(),
            given: Map::new(),
            approval: Approval::AtOnce,
        };
        let refused = Step::of(setting, &kinds, catalogue, UnixSeconds(1_790_000_000)).map(|_| ());
        assert_eq!(refused, Err(OneStopError::ShownWhole("business-licence".into())));
    }

    #[test]
    fn what_could_never_make_an_application_is_refused_at_the_start() {
        use OneStopError::*;
        let text = |text: &str| text.to_owned();
        type Change = fn(&mut Value);
        let wrong: [(Change, OneStopError); 9] = [
            (|s| s["credential_type"] = "digital-id".into(), NotIssued),
            (|s| s["presented"] = "library-card".into(), UnknownType(text("library-card"))),
            (|s| s["taken"]["taxpayer"] = "creditCode".into(), UnknownClaim(text("taxpayer"))),
            (|s| s["taken"]["name"] = "title".into(), UnknownClaim(text("title"))),
            (|s| s["taken"]["name"] = "creditCode".into(), OtherKind(text("name"))),
            (|s| s["given"]["name"] = "徽光".into(), Both(text("name"))),
            (|s| s["taken"] = json!({"name": "name"}), NotIdentified(text("taxpayerNumber"))),
            (|s| s["given"]["taxpayerKind"] = "large".into(), Claim(text("taxpayerKind"))),
            (
                |s| s["given"] = json!({"taxpayerKind": "general", "taxTypes": ["vat"]}),
                Claim(text("taxAuthority")),
            ),
        ];
        for (change, error) in wrong {
            assert_eq!(setting(change).map(|_| ()), Err(error));
        }
        let two = |s: &mut Value| {
            s["credential_type"] = "talent-certificate".into();
            s["presented"] = "digital-id".into();
        };
        assert_eq!(setting(two).map(|_| ()), Err(TwoApprove));
    }
}
