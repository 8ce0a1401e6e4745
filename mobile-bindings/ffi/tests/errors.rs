//! Every error of the core ends in the kind that says what can be done about it, and every kind is of use.

use std::{collections::BTreeSet, time::Duration};

use credentials::jws;
use huizheng::WalletError;
use protocol::{
    offline::{BadOfflineRequest, MessageError},
    openid4vci::{
        AuthorizationErrorCode, BadAuthorizationResponse, CredentialErrorCode, MetadataError, OfferError,
        TokenErrorCode,
    },
    openid4vp::{BadLink, BadRequest},
};
use registry::{
    EvidenceError, LocalText,
    history::{KeyNotValid, NotGranted},
};
use store::StoreError;
use wallet_core::{
    AuthorizeError, BackupError, BadBackup, BiometricsRefused, ChainError, CreateError, Missing,
    MissingReason, OfferRefused, OpenError, PinTooWeak, PresentError, ReceiveError, Rejected, RequestRefused,
    RestoreError, TooBig, VaultError, WebError,
    ports::{KeyStoreError, NoRandomness},
};

const MOST: usize = 20;

/// The kind's name. A new kind doesn't compile before it stands here.
fn kind(error: &WalletError) -> &'static str {
    match error {
        WalletError::ChooseAnotherPin => "ChooseAnotherPin",
        WalletError::EnterPinAgain { .. } => "EnterPinAgain",
        WalletError::WaitForPin { .. } => "WaitForPin",
        WalletError::CreateWallet => "CreateWallet",
        WalletError::OpenWallet => "OpenWallet",
        WalletError::RestoreWallet { .. } => "RestoreWallet",
        WalletError::RenewCard => "RenewCard",
        WalletError::GoOnline { .. } => "GoOnline",
        WalletError::TryAgain { .. } => "TryAgain",
        WalletError::Cancelled => "Cancelled",
        WalletError::EnterTxCode { .. } => "EnterTxCode",
        WalletError::WaitForIssuer => "WaitForIssuer",
        WalletError::GetNewOffer { .. } => "GetNewOffer",
        WalletError::UseAnotherWay { .. } => "UseAnotherWay",
        WalletError::DoNotTrust { .. } => "DoNotTrust",
        WalletError::ReportOverreach { .. } => "ReportOverreach",
        WalletError::GetNewRequest { .. } => "GetNewRequest",
        WalletError::GetCard { .. } => "GetCard",
        WalletError::AskVerifier { .. } => "AskVerifier",
        WalletError::FixApp { .. } => "FixApp",
    }
}

fn check<E: Into<WalletError>>(cases: Vec<(&'static str, E)>) -> BTreeSet<&'static str> {
    let mut reached = BTreeSet::new();
    for (at, (expected, error)) in cases.into_iter().enumerate() {
        let error = error.into();
        assert_eq!(kind(&error), expected, "case {at}: {error}");
        reached.insert(expected);
    }
    reached
}

fn opening() -> BTreeSet<&'static str> {
    let wait = Duration::from_secs(30);
    let mut reached = check(vec![
        ("ChooseAnotherPin", CreateError::PinTooWeak(PinTooWeak)),
        ("OpenWallet", CreateError::Exists),
        ("TryAgain", CreateError::InUse),
        ("RestoreWallet", CreateError::Keys(KeyStoreError::Gone)),
        ("Cancelled", CreateError::Keys(KeyStoreError::Declined)),
        ("UseAnotherWay", CreateError::Keys(KeyStoreError::Unsupported)),
        ("TryAgain", CreateError::Keys(KeyStoreError::Failed)),
        ("FixApp", CreateError::Folder("no permission".to_owned())),
        ("TryAgain", CreateError::Vault(VaultError::Randomness(NoRandomness))),
    ]);
    reached.append(&mut check(vec![
        ("CreateWallet", OpenError::NoWallet),
        ("EnterPinAgain", OpenError::WrongPin { failed: 1, wait: Duration::ZERO }),
        ("WaitForPin", OpenError::Wait { wait }),
        ("ChooseAnotherPin", OpenError::PinTooWeak(PinTooWeak)),
        ("TryAgain", OpenError::InUse),
        ("UseAnotherWay", OpenError::Biometrics(BiometricsRefused::Changed)),
        ("RestoreWallet", OpenError::Keys(KeyStoreError::Gone)),
        ("Cancelled", OpenError::Keys(KeyStoreError::Declined)),
        ("FixApp", OpenError::OtherChain),
        ("RestoreWallet", OpenError::Damaged("cut short".to_owned())),
        ("RestoreWallet", OpenError::Wiped),
        ("FixApp", OpenError::Vault(VaultError::Newer(9))),
        ("RestoreWallet", OpenError::Vault(VaultError::Tampered)),
        ("RestoreWallet", OpenError::Vault(VaultError::OtherForm("cards"))),
        ("TryAgain", OpenError::Vault(VaultError::Store(StoreError::Closed))),
    ]));
    reached
}

fn backing_up() -> BTreeSet<&'static str> {
    let mut reached = check(vec![
        ("ChooseAnotherPin", BackupError::Weak),
        ("UseAnotherWay", BackupError::TooLarge),
        ("TryAgain", BackupError::Cost),
        ("RestoreWallet", BackupError::Vault(VaultError::Tampered)),
        ("TryAgain", BackupError::Randomness(NoRandomness)),
    ]);
    reached.append(&mut check(vec![
        ("EnterPinAgain", RestoreError::Backup(BadBackup::WrongPassphrase)),
        ("UseAnotherWay", RestoreError::Backup(BadBackup::NotABackup)),
        ("UseAnotherWay", RestoreError::Backup(BadBackup::Version(9))),
        ("UseAnotherWay", RestoreError::Backup(BadBackup::OtherChain)),
        ("OpenWallet", RestoreError::Create(CreateError::Exists)),
        ("TryAgain", RestoreError::Open(OpenError::InUse)),
        ("FixApp", RestoreError::Folder("no permission".to_owned())),
    ]));
    reached
}

fn receiving() -> BTreeSet<&'static str> {
    let mut reached = check(vec![
        ("GetNewOffer", OfferRefused::Offer(OfferError::NotAnOffer)),
        ("GoOnline", OfferRefused::Web(WebError::Unreachable)),
        ("TryAgain", OfferRefused::Web(WebError::TooLarge)),
        ("TryAgain", OfferRefused::Web(WebError::Redirected)),
        ("DoNotTrust", OfferRefused::Web(WebError::Internal)),
        ("Cancelled", OfferRefused::Web(WebError::Cancelled)),
        ("GetNewOffer", OfferRefused::Status(404)),
        ("TryAgain", OfferRefused::Status(503)),
        ("TryAgain", OfferRefused::Status(429)),
        ("GetNewOffer", OfferRefused::Metadata(MetadataError::OtherIssuer)),
        ("GetNewOffer", OfferRefused::UnknownConfiguration("x".to_owned())),
        ("UseAnotherWay", OfferRefused::NothingKnown),
        ("UseAnotherWay", OfferRefused::NoPreAuthorizedCode),
        ("GetNewOffer", OfferRefused::OtherAuthorizationServer),
    ]);
    reached.append(&mut check(vec![
        ("EnterTxCode", ReceiveError::TxCodeMissing),
        ("EnterTxCode", ReceiveError::TxCodeForm),
        ("EnterTxCode", ReceiveError::TxCodeWrong { attempts_left: 4 }),
        ("GetNewOffer", ReceiveError::CodeRefused),
        ("GetNewOffer", ReceiveError::TokenRefused(TokenErrorCode::InvalidRequest)),
        ("UseAnotherWay", ReceiveError::TokenUnusable("mac".to_owned())),
        ("GetNewOffer", ReceiveError::CredentialRefused(CredentialErrorCode::InvalidProof)),
        ("WaitForIssuer", ReceiveError::Deferred),
        ("UseAnotherWay", ReceiveError::Demands("encrypted responses")),
        ("UseAnotherWay", ReceiveError::NoCommonAlgorithm),
        ("TryAgain", ReceiveError::Unreadable("the nonce")),
        ("GetNewOffer", ReceiveError::Status(400)),
        ("TryAgain", ReceiveError::Status(500)),
        ("TryAgain", ReceiveError::UnderWay),
        ("TryAgain", ReceiveError::Unavailable(503)),
        ("TryAgain", ReceiveError::Unavailable(429)),
        ("GoOnline", ReceiveError::Web(WebError::Unreachable)),
        ("DoNotTrust", ReceiveError::Rejected(Rejected::HolderIsAnother)),
        ("GoOnline", ReceiveError::Chain(ChainError::Web(WebError::Unreachable))),
        ("RenewCard", ReceiveError::Keys(KeyStoreError::Gone)),
        ("Cancelled", ReceiveError::Keys(KeyStoreError::Declined)),
        ("RestoreWallet", ReceiveError::Vault(VaultError::Tampered)),
    ]));
    reached
}

fn logging_in() -> BTreeSet<&'static str> {
    use AuthorizationErrorCode::{AccessDenied, InvalidClient, InvalidRequest};
    check(vec![
        ("UseAnotherWay", AuthorizeError::NotOffered("PKCE")),
        ("UseAnotherWay", AuthorizeError::Refused(InvalidClient)),
        ("TryAgain", AuthorizeError::NotOpen),
        ("TryAgain", AuthorizeError::Answer(BadAuthorizationResponse::Unreadable)),
        ("DoNotTrust", AuthorizeError::Answer(BadAuthorizationResponse::State)),
        ("DoNotTrust", AuthorizeError::Answer(BadAuthorizationResponse::Issuer)),
        ("Cancelled", AuthorizeError::NotCompleted(AccessDenied)),
        ("TryAgain", AuthorizeError::NotCompleted(InvalidRequest)),
        ("GoOnline", AuthorizeError::Offer(OfferRefused::Web(WebError::Unreachable))),
        ("WaitForIssuer", AuthorizeError::Receive(ReceiveError::Deferred)),
    ])
}

fn presenting() -> BTreeSet<&'static str> {
    let text = || LocalText::new("某窗口", "A counter");
    let missing = vec![Missing { label: text(), reason: MissingReason::NoCard }];
    let too_much = RequestRefused::AsksTooMuch {
        verifier_name: text(),
        credential_type: "business-licence".to_owned(),
        claims: vec!["address".to_owned()],
        labels: vec![text()],
    };
    let not_registered =
        RequestRefused::NotRegistered { purpose: "company-service".to_owned(), reason: NotGranted::Never };
    let mut reached = check(vec![
        ("GetNewRequest", RequestRefused::WalletsCode),
        ("GetNewRequest", RequestRefused::Offline(BadOfflineRequest::Expired)),
        ("GetNewRequest", RequestRefused::Code(MessageError::Cut)),
        ("GetNewRequest", RequestRefused::Link(BadLink::NotARequest)),
        ("GoOnline", RequestRefused::Web(WebError::Unreachable)),
        ("GetNewRequest", RequestRefused::Status(410)),
        ("TryAgain", RequestRefused::Status(502)),
        ("GetNewRequest", RequestRefused::NotAToken(jws::ParseError::Form)),
        ("GetNewRequest", RequestRefused::Request(BadRequest::Expired)),
        ("DoNotTrust", RequestRefused::VerifierNotOnThisChain),
        ("DoNotTrust", RequestRefused::VerifierKey(KeyNotValid::UnknownKey)),
        ("DoNotTrust", RequestRefused::Signature),
        ("UseAnotherWay", RequestRefused::EncryptedResponse),
        ("DoNotTrust", RequestRefused::NoPurpose),
        ("DoNotTrust", not_registered),
        ("ReportOverreach", too_much),
        ("UseAnotherWay", RequestRefused::UnknownType),
        ("GetCard", RequestRefused::NothingFits(missing)),
        ("TryAgain", RequestRefused::Chain(ChainError::Evidence(EvidenceError::WrongChain))),
        ("TryAgain", RequestRefused::Chain(ChainError::Status(404))),
        ("TryAgain", RequestRefused::Chain(ChainError::Malformed)),
        ("RestoreWallet", RequestRefused::Vault(VaultError::Tampered)),
    ]);
    reached.append(&mut check(vec![
        ("UseAnotherWay", PresentError::TooBig(TooBig { bytes: 70_000 })),
        ("GetNewRequest", PresentError::NotOpen),
        ("GetNewRequest", PresentError::Expired),
        ("FixApp", PresentError::NotAnOption("licence".to_owned())),
        ("UseAnotherWay", PresentError::WouldLink),
        ("GetNewRequest", PresentError::CardGone),
        ("RenewCard", PresentError::Keys(KeyStoreError::Gone)),
        ("Cancelled", PresentError::Keys(KeyStoreError::Declined)),
        ("AskVerifier", PresentError::Rejected { status: 400 }),
        ("AskVerifier", PresentError::Web(WebError::Unreachable)),
        ("AskVerifier", PresentError::Web(WebError::Cancelled)),
        ("DoNotTrust", PresentError::Web(WebError::Internal)),
        ("RestoreWallet", PresentError::Vault(VaultError::Tampered)),
    ]));
    reached
}

#[test]
fn opening_errors_say_what_to_do() {
    opening();
}

#[test]
fn receiving_errors_say_what_to_do() {
    receiving();
}

#[test]
fn login_errors_say_what_to_do() {
    logging_in();
}

#[test]
fn presenting_errors_say_what_to_do() {
    presenting();
}

#[test]
fn every_kind_is_reached_and_they_are_few() {
    let reached: BTreeSet<_> =
        [opening(), backing_up(), receiving(), logging_in(), presenting()].into_iter().flatten().collect();
    assert_eq!(reached.len(), 20, "{reached:?}");
    assert!(reached.len() <= MOST);
}

#[test]
fn what_the_app_shows_comes_along() {
    let wait = Duration::from_secs(30);
    assert_eq!(
        WalletError::from(OpenError::WrongPin { failed: 3, wait }),
        WalletError::EnterPinAgain { failed: 3, wait }
    );
    assert_eq!(
        WalletError::from(ReceiveError::TxCodeWrong { attempts_left: 4 }),
        WalletError::EnterTxCode { attempts_left: Some(4) }
    );
    let WalletError::DoNotTrust { code, .. } = RequestRefused::Signature.into() else {
        panic!("another kind")
    };
    assert_eq!(code, "signature");
    let WalletError::AskVerifier { status, .. } = (PresentError::Rejected { status: 403 }).into() else {
        panic!("another kind")
    };
    assert_eq!(status, Some(403));
}
