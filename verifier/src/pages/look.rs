//! What a clerk must tell apart within two seconds: each way that a decision comes out has a title, a sign and a colour of its own.

use service::Lang;
use service::ui::{Icon, Markup, PreEscaped, html, icon};

use crate::decision::{Check, CheckId, Decision, Outcome, Verdict, texts};

/// How a decision looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Accepted,
    Revoked,
    Suspended,
    Expired,
    NotYet,
    /// It belongs to somebody else, or is a copy.
    OtherPerson,
    /// Signature, place in the status list, or evidence are false.
    Forged,
    /// More came than was asked for.
    Overreach,
    /// What is known from the register is too old.
    TooOld,
    /// Made for another request, another counter, or an earlier showing.
    Replayed,
    /// Something else came than was asked for.
    NotAsked,
    /// The issuer, or its key, did not count.
    NoRight,
    /// The person may not act for the company, or did not sign what was to be authorised.
    NoMandate,
    CannotTell,
    Refused,
    /// The holder said no.
    Declined,
    /// Nobody answered.
    RanOut,
}

impl Look {
    /// By the check that decides.
    pub(super) fn of(decision: &Decision) -> Self {
        match (decision.verdict, decision.deciding()) {
            (Verdict::Accepted, _) => Self::Accepted,
            (_, Some(check)) if check.outcome == Outcome::Failed => Self::of_failed(check),
            (_, Some(Check { id: CheckId::EvidenceAge | CheckId::StatusAge, reason, .. }))
                if reason == "too_old" =>
            {
                Self::TooOld
            }
            (Verdict::CannotTell, _) => Self::CannotTell,
            (Verdict::Refused, _) => Self::Refused,
        }
    }

    /// By a check that failed.
    pub(super) fn of_failed(check: &Check) -> Self {
        match (check.id, check.reason.as_str()) {
            (CheckId::Status, "revoked") => Self::Revoked,
            (CheckId::Status, "suspended") => Self::Suspended,
            (CheckId::Validity, "expired" | "proof_expired") => Self::Expired,
            (CheckId::Validity, _) => Self::NotYet,
            (CheckId::IssuerSignature | CheckId::Status | CheckId::StatusAge | CheckId::EvidenceAge, _) => {
                Self::Forged
            }
            (CheckId::HolderBinding, "key_binding_too_old" | "key_binding_in_future") => Self::Replayed,
            (CheckId::HolderBinding, _) => Self::OtherPerson,
            (CheckId::Nonce | CheckId::Audience, _) => Self::Replayed,
            (CheckId::OnlyWhatWasAsked, _) => Self::Overreach,
            (CheckId::QuerySatisfied | CheckId::CredentialAge, _) => Self::NotAsked,
            (CheckId::IssuerKeyValidWhenIssued | CheckId::IssuerAccredited, _) => Self::NoRight,
            (CheckId::Mandate | CheckId::Transaction, _) => Self::NoMandate,
        }
    }

    /// Its name, for the stylesheet, the tests, and the texts under `look`.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::OtherPerson => "other_person",
            Self::Forged => "forged",
            Self::Overreach => "overreach",
            Self::TooOld => "too_old",
            Self::Replayed => "replayed",
            Self::NotAsked => "not_asked",
            Self::NoRight => "no_right",
            Self::NoMandate => "no_mandate",
            Self::CannotTell => "cannot_tell",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::RanOut => "ran_out",
        }
    }

    /// Its title.
    pub(super) fn title(self, lang: Lang) -> &'static str {
        texts(lang).get(match self {
            Self::Accepted => "look.accepted",
            Self::Revoked => "look.revoked",
            Self::Suspended => "look.suspended",
            Self::Expired => "look.expired",
            Self::NotYet => "look.not_yet",
            Self::OtherPerson => "look.other_person",
            Self::Forged => "look.forged",
            Self::Overreach => "look.overreach",
            Self::TooOld => "look.too_old",
            Self::Replayed => "look.replayed",
            Self::NotAsked => "look.not_asked",
            Self::NoRight => "look.no_right",
            Self::NoMandate => "look.no_mandate",
            Self::CannotTell => "look.cannot_tell",
            Self::Refused => "look.refused",
            Self::Declined => "look.declined",
            Self::RanOut => "look.ran_out",
        })
    }

    /// Its sign: none is another's.
    pub(super) fn sign(self) -> Markup {
        match self {
            Self::Accepted => icon(Icon::Tick),
            Self::Refused => icon(Icon::Cross),
            Self::CannotTell => icon(Icon::Question),
            Self::Suspended => icon(Icon::Pause),
            Self::Expired => icon(Icon::Clock),
            Self::TooOld => icon(Icon::Hourglass),
            Self::Overreach => icon(Icon::Eye),
            Self::NotAsked => icon(Icon::Document),
            Self::Revoked => drawn("M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12"),
            Self::Forged => drawn(
                "M11 3.4L5 5.5v5.8c0 4.4 2.9 7.6 6 9.3l-1.4-4.4 3-3-2.6-3zM14 3.7l5 1.8v5.8c0 4.4-2.9 7.6-5 8.9l1.6-4.6-3-2.8 3-3.2z",
            ),
            Self::OtherPerson => drawn(
                "M10 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM3 20c.5-3.6 3.2-5.5 7-5.5M15 15l5.5 5.5M20.5 15L15 20.5",
            ),
            Self::Replayed => drawn(
                "M4.5 12a7.5 7.5 0 0 1 13-5.1L19.5 9M19.5 4.5V9H15M19.5 12a7.5 7.5 0 0 1-13 5.1L4.5 15M4.5 19.5V15H9",
            ),
            Self::NotYet => drawn("M4.5 6h15v14h-15zM4.5 10.5h15M8.5 3.5V7M15.5 3.5V7M12 13v3.5h3"),
            Self::NoRight => drawn("M3 21h18M5 21V9l7-5 7 5v12M9 12l6 6M15 12l-6 6"),
            Self::NoMandate => drawn("M6 3.5h8l4 4V20.5H6zM14 3.5v4h4M9.5 12l5 5M14.5 12l-5 5"),
            Self::Declined => drawn(
                "M8 12.5V6.2a1.3 1.3 0 0 1 2.6 0V11V4.8a1.3 1.3 0 0 1 2.6 0V11V6a1.3 1.3 0 0 1 2.6 0v6-3a1.3 1.3 0 0 1 2.6 0v5.5c0 3.6-2.2 6-5.8 6-2.6 0-4-1-5.4-3.3l-2.5-4a1.4 1.4 0 0 1 2.2-1.6z",
            ),
            Self::RanOut => {
                drawn("M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8.5 12h.01M12 12h.01M15.5 12h.01")
            }
        }
    }

    /// What it comes to, as tone of the page and word: accepted, refused, or neither.
    pub(super) const fn tone(self) -> &'static str {
        match self {
            Self::Accepted => "good",
            Self::TooOld | Self::CannotTell | Self::Suspended => "unsure",
            Self::Declined | Self::RanOut => "info",
            Self::Expired => "quiet",
            Self::Revoked
            | Self::NotYet
            | Self::OtherPerson
            | Self::Forged
            | Self::Overreach
            | Self::Replayed
            | Self::NotAsked
            | Self::NoRight
            | Self::NoMandate
            | Self::Refused => "bad",
        }
    }
}

/// The banner: sign or portrait, what it comes to, the title, the reason.
pub(super) fn banner(
    lang: Lang,
    look: Look,
    verdict: Option<Verdict>,
    reason: &str,
    portrait: Option<&str>,
) -> Markup {
    let t = texts(lang);
    let (outcome, word) = match verdict {
        Some(Verdict::Accepted) => ("good", t.get("verdict.accepted")),
        Some(Verdict::Refused) => ("bad", t.get("verdict.refused")),
        Some(Verdict::CannotTell) => ("unsure", t.get("verdict.cannot_tell")),
        None => ("none", t.get("verdict.none")),
    };
    html! {
        section class={ "decision look " (look.tone()) " look-" (look.id()) } role="status" aria-live="assertive"
            data-outcome=(outcome) data-look=(look.id()) {
            @if let Some(portrait) = portrait {
                img.portrait data-personal src=(portrait) alt=(t.get("result.portrait"));
            }
            span.decision-sign { (look.sign()) }
            div.decision-words {
                p.decision-word { (word) }
                h1 tabindex="-1" data-focus { (look.title(lang)) }
                p.decision-reason { (reason) }
                @if portrait.is_some() { p.decision-compare data-personal { (t.get("result.compare")) } }
            }
        }
    }
}

fn drawn(path: &str) -> Markup {
    PreEscaped(format!(
        "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\" fill=\"none\" stroke=\"currentColor\" \
         stroke-width=\"1.9\" stroke-linecap=\"round\" stroke-linejoin=\"round\"><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [Look; 17] = [
        Look::Accepted,
        Look::Revoked,
        Look::Suspended,
        Look::Expired,
        Look::NotYet,
        Look::OtherPerson,
        Look::Forged,
        Look::Overreach,
        Look::TooOld,
        Look::Replayed,
        Look::NotAsked,
        Look::NoRight,
        Look::NoMandate,
        Look::CannotTell,
        Look::Refused,
        Look::Declined,
        Look::RanOut,
    ];

    #[test]
    fn no_two_look_alike() {
        for lang in [Lang::Zh, Lang::En] {
            let titles: BTreeSet<&str> = ALL.iter().map(|look| look.title(lang)).collect();
            assert_eq!(titles.len(), ALL.len());
            for look in ALL {
                assert_eq!(texts(lang).find(&format!("look.{}", look.id())), Some(look.title(lang)));
            }
        }
        let signs: BTreeSet<String> = ALL.iter().map(|look| look.sign().into_string()).collect();
        assert_eq!(signs.len(), ALL.len());
    }

    #[test]
    fn the_deciding_check_says_how_it_looks() {
        let of = |checks: Vec<Check>| Look::of(&Decision::of(Vec::new(), checks));
        let failed = |id, reason: &str| of(vec![Check::passed(CheckId::Audience), Check::failed(id, reason)]);
        assert_eq!(of(vec![Check::passed(CheckId::Status)]), Look::Accepted);
        assert_eq!(failed(CheckId::Status, "revoked"), Look::Revoked);
        assert_eq!(failed(CheckId::Status, "suspended"), Look::Suspended);
        assert_eq!(failed(CheckId::Status, "list_of_another"), Look::Forged);
        assert_eq!(failed(CheckId::Validity, "expired"), Look::Expired);
        assert_eq!(failed(CheckId::IssuerSignature, "signature_wrong"), Look::Forged);
        assert_eq!(failed(CheckId::EvidenceAge, "evidence_refused"), Look::Forged);
        assert_eq!(failed(CheckId::HolderBinding, "key_binding_signature_wrong"), Look::OtherPerson);
        assert_eq!(failed(CheckId::HolderBinding, "key_binding_too_old"), Look::Replayed);
        assert_eq!(failed(CheckId::Nonce, "nonce_wrong"), Look::Replayed);
        assert_eq!(failed(CheckId::OnlyWhatWasAsked, "more_than_asked"), Look::Overreach);
        assert_eq!(of(vec![Check::unknown(CheckId::EvidenceAge, "too_old")]), Look::TooOld);
        assert_eq!(of(vec![Check::unknown(CheckId::StatusAge, "too_old")]), Look::TooOld);
        assert_eq!(of(vec![Check::unknown(CheckId::Status, "chain_unreachable")]), Look::CannotTell);
        assert_eq!(of(vec![Check::unknown(CheckId::EvidenceAge, "validators_unknown")]), Look::CannotTell);
        let refusing = Decision::of(Vec::new(), vec![Check::unknown(CheckId::Status, "chain_unreachable")]);
        assert_eq!(Look::of(&refusing.refusing_unknown()), Look::Refused);
    }
}
