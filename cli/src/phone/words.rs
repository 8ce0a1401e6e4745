//! What the phone says, in each language: states, refusals with what to do about them.

use std::sync::LazyLock;

use service::ui::State;
use service::{Lang, Strings, Texts};
use wallet_core::{
    CardState, Format, MissingReason, OfferRefused, PresentError, ReceiveError, RequestRefused, Warning,
};

use super::scan::ScanError;

pub(super) static STRINGS: LazyLock<Strings> = LazyLock::new(|| {
    Strings::embedded(include_str!("../../strings/zh.toml"), include_str!("../../strings/en.toml"))
});

/// The texts of a language.
pub(super) fn texts(lang: Lang) -> Texts<'static> {
    STRINGS.of(lang)
}

/// What happened, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) what: String,
    pub(super) todo: String,
}

impl Said {
    pub(super) fn new(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { what: what.into(), todo: todo.into() }
    }
}

pub(super) fn card_state(state: &CardState) -> State {
    match state {
        CardState::Valid { .. } => State::Valid,
        CardState::Suspended { .. } => State::Suspended,
        CardState::Revoked { .. } => State::Revoked,
        CardState::Expired { .. } => State::Expired,
        CardState::NotTrusted { .. } => State::Refused,
        CardState::Damaged => State::Damaged,
        CardState::Unknown { .. } => State::CannotTell,
    }
}

pub(super) fn format(lang: Lang, format: Format) -> &'static str {
    let t = texts(lang);
    match format {
        Format::SdJwtVc => t.get("format.sd_jwt"),
        Format::LdpVc => t.get("format.ldp"),
        Format::MsoMdoc => t.get("format.mdoc"),
    }
}

pub(super) fn warning(lang: Lang, warning: Warning) -> &'static str {
    let t = texts(lang);
    match warning {
        Warning::NotInForce => t.get("warning.not_in_force"),
        Warning::StateUnknown => t.get("warning.state_unknown"),
        Warning::ShownWhole => t.get("warning.shown_whole"),
        Warning::SeenByAnother => t.get("warning.seen_by_another"),
    }
}

pub(super) fn scan(lang: Lang, error: ScanError) -> Said {
    let t = texts(lang);
    match error {
        ScanError::NotAPicture => Said::new(t.get("scan.not_a_picture"), t.get("scan.not_a_picture_todo")),
        ScanError::NoCode => Said::new(t.get("scan.no_code"), t.get("scan.no_code_todo")),
    }
}

pub(super) fn unknown_link(lang: Lang) -> Said {
    let t = texts(lang);
    Said::new(t.get("scan.unknown"), t.get("scan.unknown_todo"))
}

pub(super) fn offer_refused(lang: Lang, error: &OfferRefused) -> Said {
    let t = texts(lang);
    match error {
        OfferRefused::Web(_) => Said::new(t.get("offer.unreachable"), t.get("offer.online")),
        OfferRefused::Status(_) => Said::new(t.get("offer.gone"), t.get("offer.ask_new")),
        OfferRefused::NothingKnown => Said::new(t.get("offer.nothing_known"), ""),
        OfferRefused::NoPreAuthorizedCode => Said::new(t.get("offer.no_code"), t.get("offer.ask_issuer")),
        OfferRefused::Offer(_) => Said::new(t.get("offer.broken"), t.get("offer.ask_new")),
        OfferRefused::Metadata(_)
        | OfferRefused::UnknownConfiguration(_)
        | OfferRefused::OtherAuthorizationServer => {
            Said::new(t.get("offer.issuer_broken"), t.get("offer.ask_issuer"))
        }
    }
}

pub(super) fn not_received(lang: Lang, error: &ReceiveError) -> Said {
    let t = texts(lang);
    match error {
        ReceiveError::TxCodeMissing => Said::new(t.get("receive.code_missing"), ""),
        ReceiveError::TxCodeForm => Said::new(t.get("receive.code_form"), ""),
        ReceiveError::TxCodeWrong { attempts_left } => {
            Said::new(t.with("receive.code_wrong", &[("n", &attempts_left.to_string())]), "")
        }
        ReceiveError::CodeRefused | ReceiveError::TokenRefused(_) => {
            Said::new(t.get("receive.refused"), t.get("offer.ask_new"))
        }
        ReceiveError::Web(_) => Said::new(t.get("offer.unreachable"), t.get("offer.online")),
        ReceiveError::Unavailable(_) | ReceiveError::UnderWay => {
            Said::new(t.get("receive.busy"), t.get("receive.busy_todo"))
        }
        ReceiveError::Chain(_) => Said::new(t.get("receive.no_chain"), t.get("offer.online")),
        ReceiveError::Rejected(reason) => {
            Said::new(t.get("receive.rejected"), format!("{} ({reason})", t.get("offer.ask_issuer")))
        }
        ReceiveError::Keys(_) | ReceiveError::Vault(_) => {
            Said::new(t.get("receive.device"), t.get("receive.device_todo"))
        }
        ReceiveError::TokenUnusable(_)
        | ReceiveError::CredentialRefused(_)
        | ReceiveError::Deferred
        | ReceiveError::Demands(_)
        | ReceiveError::NoCommonAlgorithm
        | ReceiveError::Unreadable(_)
        | ReceiveError::Status(_) => Said::new(t.get("offer.issuer_broken"), t.get("offer.ask_issuer")),
    }
}

pub(super) fn request_refused(lang: Lang, error: &RequestRefused) -> Said {
    let t = texts(lang);
    let what = refusal_reason(lang, error.code());
    match error {
        RequestRefused::AsksTooMuch { verifier_name, labels, .. } => {
            let names = labels.iter().map(|label| lang.pick(&label.zh, &label.en)).collect::<Vec<_>>();
            let name = lang.pick(&verifier_name.zh, &verifier_name.en);
            let names = names.join(t.get("list.and"));
            Said::new(
                t.with("refused.too_much", &[("name", name), ("claims", &names)]),
                t.get("refused.nothing_left"),
            )
        }
        RequestRefused::NothingFits(missing) => {
            let missing = missing.iter().map(|one| {
                let label = lang.pick(&one.label.zh, &one.label.en);
                t.with("refused.missing", &[("card", label), ("why", missing_reason(lang, &one.reason))])
            });
            Said::new(what, missing.collect::<Vec<_>>().join(" "))
        }
        RequestRefused::Web(_) | RequestRefused::Chain(_) => Said::new(what, t.get("offer.online")),
        RequestRefused::Status(_)
        | RequestRefused::Link(_)
        | RequestRefused::Code(_)
        | RequestRefused::WalletsCode
        | RequestRefused::Offline(_) => Said::new(what, t.get("refused.ask_new")),
        RequestRefused::NotAToken(_)
        | RequestRefused::Request(_)
        | RequestRefused::VerifierNotOnThisChain
        | RequestRefused::VerifierKey(_)
        | RequestRefused::Signature
        | RequestRefused::EncryptedResponse
        | RequestRefused::NoPurpose
        | RequestRefused::NotRegistered { .. }
        | RequestRefused::UnknownType => Said::new(what, t.get("refused.nothing_left")),
        RequestRefused::Vault(_) => Said::new(what, t.get("receive.device_todo")),
    }
}

/// Why the wallet refused by itself, from the stable id that its log keeps.
pub(super) fn refusal_reason(lang: Lang, code: &str) -> &'static str {
    let t = texts(lang);
    match code {
        "link" | "bad-code" => t.get("refused.link"),
        "unreachable" => t.get("refused.unreachable"),
        "gone" | "expired" => t.get("refused.gone"),
        "verifier-unknown" => t.get("refused.unknown"),
        "verifier-key" | "signature" | "not-signed" => t.get("refused.forged"),
        "no-purpose" | "not-registered" => t.get("refused.not_registered"),
        "asks-too-much" => t.get("refused.asks_too_much"),
        "unknown-type" => t.get("refused.unknown_type"),
        "not-supported" => t.get("refused.not_supported"),
        "nothing-fits" => t.get("refused.nothing_fits"),
        "chain" => t.get("refused.chain"),
        "vault" => t.get("receive.device"),
        _ => t.get("refused.bad_request"),
    }
}

fn missing_reason(lang: Lang, reason: &MissingReason) -> &'static str {
    let t = texts(lang);
    match reason {
        MissingReason::NoCard => t.get("missing.no_card"),
        MissingReason::NoClaim(_) => t.get("missing.no_claim"),
        MissingReason::OtherValue(_) => t.get("missing.other_value"),
        MissingReason::NotAccepted => t.get("missing.not_accepted"),
        MissingReason::ShowsTooMuch(_) => t.get("missing.shows_too_much"),
    }
}

pub(super) fn not_presented(lang: Lang, error: &PresentError) -> Said {
    let t = texts(lang);
    match error {
        PresentError::NotOpen | PresentError::Expired | PresentError::SeenMeanwhile => {
            Said::new(t.get("refused.gone"), t.get("refused.ask_new"))
        }
        PresentError::NotAnOption(_)
        | PresentError::WouldLink
        | PresentError::CardGone
        | PresentError::TooBig(_) => Said::new(t.get("present.card_gone"), t.get("refused.ask_new")),
        PresentError::Rejected { .. } => Said::new(t.get("present.rejected"), t.get("present.has_it")),
        PresentError::Web(_) => Said::new(t.get("present.unknown"), t.get("present.unknown_todo")),
        PresentError::Keys(_) | PresentError::Vault(_) => {
            Said::new(t.get("receive.device"), t.get("receive.device_todo"))
        }
    }
}
