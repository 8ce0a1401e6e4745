//! A decision in plain words, Chinese and English.

use std::sync::LazyLock;

use credentials::catalogue::Catalogue;
use registry::UnixMillis;
use service::{Lang, Strings, Texts, dates};

use super::check::{Check, CheckId, Decision, Subject, Verdict};

/// The verifier's own texts.
pub(crate) static STRINGS: LazyLock<Strings> = LazyLock::new(|| {
    Strings::embedded(include_str!("../../strings/zh.toml"), include_str!("../../strings/en.toml"))
});

/// The texts of a language.
pub(crate) fn texts(lang: Lang) -> Texts<'static> {
    STRINGS.of(lang)
}

/// What a check asks.
pub(crate) fn title(lang: Lang, decision: &Decision, check: &Check) -> String {
    fill(lang, &format!("check.{}", check.id.id()), decision, check)
}

/// What a check found, in one sentence.
pub(crate) fn finding(lang: Lang, decision: &Decision, check: &Check) -> String {
    fill(lang, &format!("{}.{}", check.id.id(), check.reason), decision, check)
}

/// The decision in one sentence: the finding that decides it.
pub(crate) fn reason(lang: Lang, decision: &Decision) -> String {
    match decision.deciding() {
        Some(check) => finding(lang, decision, check),
        None if decision.verdict == Verdict::Accepted => {
            let seen = decision.subjects.iter().find_map(|subject| subject.block);
            let seen = seen.map_or_else(String::new, |block| dates::moment(lang, block.time));
            texts(lang).with("decision.accepted", &[("seen", &seen)])
        }
        None => texts(lang).get("decision.nothing").to_owned(),
    }
}

fn fill(lang: Lang, key: &str, decision: &Decision, check: &Check) -> String {
    let subject = decision.subject(check);
    let seen = subject.and_then(|subject| subject.block);
    let moment =
        |time: Option<UnixMillis>| time.map_or_else(|| "–".to_owned(), |time| dates::moment(lang, time));
    let day = check.at.map_or_else(|| "–".to_owned(), |time| dates::day_of(lang, time));
    let values = [
        ("type", type_name(lang, subject)),
        ("issuer", issuer_name(lang, subject)),
        ("at", moment(check.at)),
        ("day", day),
        ("seen", moment(seen.map(|block| block.time))),
        ("names", names(lang, subject, &check.names)),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    texts(lang).with(key, &values)
}

/// What a credential is called; "credential" when its type isn't known.
pub(crate) fn type_name(lang: Lang, subject: Option<&Subject>) -> String {
    let id = subject.and_then(|subject| subject.credential_type.as_ref());
    let known = id.zip(Catalogue::bundled().ok()).and_then(|(id, catalogue)| catalogue.by_id(id.as_str()));
    match known {
        Some(credential_type) => lower_first(lang.pick(&credential_type.label.zh, &credential_type.label.en)),
        None => texts(lang).get("value.credential").to_owned(),
    }
}

/// English names stand inside sentences: "this business licence". Abbreviations keep their capitals.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

fn issuer_name(lang: Lang, subject: Option<&Subject>) -> String {
    match subject {
        Some(Subject { issuer_name: Some(name), .. }) => lang.pick(&name.zh, &name.en).to_owned(),
        _ => texts(lang).get("value.its_issuer").to_owned(),
    }
}

/// Claims by their labels where the catalogue has them.
fn names(lang: Lang, subject: Option<&Subject>, names: &[String]) -> String {
    let catalogue = Catalogue::bundled().ok();
    let label = |name: &String| {
        let plain = name.strip_prefix("credentialSubject.").unwrap_or(name);
        let of_type = subject.and_then(|subject| subject.credential_type.as_ref());
        let types = catalogue.iter().flat_map(|catalogue| catalogue.types());
        let mut types = types.filter(|kind| of_type.is_none_or(|id| kind.id == id.as_str()));
        let label = types.find_map(|kind| kind.label_of_path(plain));
        label.map_or_else(|| plain.to_owned(), |label| lang.pick(&label.zh, &label.en).to_owned())
    };
    names.iter().map(label).collect::<Vec<_>>().join(lang.pick("、", ", "))
}

/// The facts a check rests on: what it is called, and what it says.
pub(crate) fn evidence(
    lang: Lang,
    decision: &Decision,
    check: &Check,
    client_id: &str,
) -> Vec<(String, String)> {
    let t = texts(lang);
    let Some(subject) = decision.subject(check) else { return Vec::new() };
    let moment = |time: UnixMillis| dates::moment(lang, time);
    let issuer = || Some((t.get("evidence.issuer"), subject.issuer.clone()));
    let key = || subject.key.clone().map(|key| (t.get("evidence.key"), key));
    let issued = || subject.issued.map(|time| (t.get("evidence.issued"), moment(time)));
    let format = || Some((t.get("evidence.format"), subject.format.to_string()));
    let list = || subject.list.clone().map(|list| (t.get("evidence.list"), list));
    let block = || subject.block.map(|block| (t.get("evidence.block"), block.height.to_string()));
    let seen = || subject.block.map(|block| (t.get("evidence.seen"), moment(block.time)));
    let found = match check.id {
        CheckId::IssuerSignature => vec![format(), issuer(), key()],
        CheckId::IssuerKeyValidWhenIssued => vec![key(), issued(), block(), seen()],
        CheckId::IssuerAccredited => vec![issuer(), issued(), block(), seen()],
        CheckId::Status | CheckId::StatusAge => vec![list(), block(), seen()],
        CheckId::Validity => vec![
            subject.valid_from.map(|time| (t.get("evidence.from"), moment(time))),
            subject.valid_until.map(|time| (t.get("evidence.until"), moment(time))),
        ],
        CheckId::CredentialAge => vec![issued()],
        CheckId::EvidenceAge => vec![block(), seen()],
        CheckId::HolderBinding | CheckId::Nonce => vec![format()],
        CheckId::Audience => vec![Some((t.get("evidence.counter"), client_id.to_owned()))],
        CheckId::OnlyWhatWasAsked | CheckId::QuerySatisfied | CheckId::Mandate | CheckId::Transaction => {
            Vec::new()
        }
    };
    found.into_iter().flatten().map(|(label, value)| (label.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::decision::check::Outcome;
    use credentials::Flaw;

    #[test]
    fn every_text_exists_in_both_languages() {
        assert_eq!(STRINGS.faults(), Vec::<String>::new());
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        assert_eq!(STRINGS.used_but_missing(source), Vec::<String>::new());
    }

    /// Every reason that the sources name stands in the catalogue under its check. They are read as text, so that a
    /// new one can't be forgotten here.
    #[test]
    fn every_reason_has_words() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decision");
        let source = ["registry.rs", "judge.rs", "rules.rs", "alone.rs"]
            .map(|name| std::fs::read_to_string(dir.join(name)).expect("source"))
            .concat();
        let named = source
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        let t = texts(Lang::En);
        for reason in named {
            let somewhere = CheckId::ALL.iter().any(|id| t.find(&format!("{}.{reason}", id.id())).is_some());
            assert!(somewhere || t.find(reason).is_some(), "{reason}");
        }
    }

    #[test]
    fn every_flaw_has_words_under_its_check() {
        use Flaw::*;
        use credentials::jsonld::JsonLdError;
        let flaws = [
            SignatureWrong,
            AlgorithmNotOfKey,
            KeyOfAnotherController,
            ProofPurposeWrong,
            ContextInjected,
            ProofChainBroken,
            StatementUnsigned,
            StatementCountWrong,
            LabelMapWrong,
            DigestWrong,
            DocTypeWrong,
            CertificateUntrusted,
            CertificateUnreadable,
            CertificateOfAnotherKey,
            CertificateNamesAnotherKey,
            JsonLd(JsonLdError::ContextUnknown),
            JsonLd(JsonLdError::ContextInline),
            JsonLd(JsonLdError::ContextInside),
            JsonLd(JsonLdError::ContextList),
            JsonLd(JsonLdError::ContextMalformed),
            JsonLd(JsonLdError::TermProtected),
            JsonLd(JsonLdError::TermUndefined),
            JsonLd(JsonLdError::VocabFallback),
            JsonLd(JsonLdError::IriRelative),
            JsonLd(JsonLdError::IriMalformed),
            JsonLd(JsonLdError::BlankNodeLabel),
            JsonLd(JsonLdError::ValueDropped),
            JsonLd(JsonLdError::KeywordRefused),
            JsonLd(JsonLdError::ValueMalformed),
            JsonLd(JsonLdError::TooDeep),
            JsonLd(JsonLdError::TooMuchWork),
            JsonLd(JsonLdError::Pointer),
            NotYetValid,
            Expired,
            CreatedInFuture,
            ProofExpired,
            NotBound,
            KeyBindingMissing,
            KeyBindingSignatureWrong,
            KeyBindingTypeWrong,
            KeyBindingForAnotherPresentation,
            KeyBindingTooOld,
            KeyBindingInFuture,
            DeviceElements,
            PresentationPurposeWrong,
            HolderIsAnother,
            NonceWrong,
            ChallengeMissing,
            AudienceWrong,
            DomainMissing,
        ];
        for flaw in flaws {
            let key = format!("{}.{}", flaw.check().id(), flaw.id());
            assert!(texts(Lang::Zh).find(&key).is_some(), "{key}");
        }
        for id in CheckId::ALL {
            assert!(texts(Lang::Zh).find(&format!("{}.right", id.id())).is_some(), "{}", id.id());
            assert!(texts(Lang::Zh).find(&format!("check.{}", id.id())).is_some(), "{}", id.id());
        }
    }

    #[test]
    fn names_fit_into_sentences() {
        assert_eq!(lower_first("Business licence"), "business licence");
        assert_eq!(lower_first("ID card"), "ID card");
        assert_eq!(lower_first("营业执照"), "营业执照");
    }

    #[test]
    fn a_finding_reads_as_a_sentence() {
        let at = UnixMillis::from_seconds(1_772_529_660);
        let subject = Subject {
            query: protocol::dcql::QueryId::new("q").ok(),
            format: protocol::Format::SdJwtVc,
            credential_type: registry::Slug::new("business-licence").ok(),
            issuer: "did:hui:anhui:z".into(),
            issuer_name: Some(registry::LocalText::new("合肥市市场监督管理局", "Hefei Market Supervision")),
            key: None,
            issued: None,
            valid_from: None,
            valid_until: None,
            list: None,
            block: Some(crate::decision::check::SeenBlock { height: 7, time: at }),
        };
        let mut check = Check::failed(CheckId::Status, "revoked").at(at).about(0);
        let decision = Decision::of(vec![subject], vec![check.clone()]);
        assert_eq!(
            finding(Lang::En, &decision, &check),
            "This business licence was revoked by Hefei Market Supervision (register of 3 March 2026, 17:21). It no longer counts."
        );
        assert_eq!(
            finding(Lang::Zh, &decision, &check),
            "这份营业执照已被合肥市市场监督管理局吊销（登记信息：2026年3月3日 17:21），不再有效。"
        );
        check.id = CheckId::Validity;
        check.reason = "expired".into();
        assert_eq!(check.outcome, Outcome::Failed);
        assert_eq!(finding(Lang::En, &decision, &check), "This business licence expired on 3 March 2026.");
    }
}
