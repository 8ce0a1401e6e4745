//! Where credentials come in.

use protocol::offline::MAX_PAYLOAD;

use super::{Kind, MALFORMED, UNREADABLE};

/// A place that credentials come in at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `credentials`, with the issuer's key at hand.
    Library,
    /// The VC-API's `/credentials/verify`.
    VcApi,
    /// The VC-API's `/presentations/verify`.
    VcApiPresented,
    /// A verifier's `/api/verify`: a credential that was received elsewhere.
    Verify,
    /// Its `/api/verify/batch`.
    Batch,
    /// `huizheng verify batch DIR`.
    Folder,
    /// Its `/api/verify`: a presentation that was received elsewhere.
    VerifyPresented,
    /// A verifier's response endpoint (OpenID4VP).
    Response,
    /// A counter's page: the phone's codes, in answer to the counter's own.
    TwoWay,
    /// The same in answer to what is printed for a place.
    OneWay,
    /// `huizheng verify --offline FILE`.
    Offline,
    /// A wallet that receives.
    Wallet,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Library,
        Self::VcApi,
        Self::VcApiPresented,
        Self::Verify,
        Self::Batch,
        Self::Folder,
        Self::VerifyPresented,
        Self::Response,
        Self::TwoWay,
        Self::OneWay,
        Self::Offline,
        Self::Wallet,
    ];

    /// Why credentials of this kind don't come in here, if they don't.
    pub const fn without(self, kind: Kind) -> Option<&'static str> {
        match (self, kind) {
            (Self::Library, _) => None,
            (Self::VcApi | Self::VcApiPresented, Kind::SdJwt | Kind::Mdoc) => {
                Some("the VC-API is about documents of the W3C's data model")
            }
            (Self::VcApiPresented, Kind::VcJwt | Kind::VcSdJwt) => {
                Some("a presentation with a proof holds credentials with proofs")
            }
            (Self::VcApi | Self::VcApiPresented, _) => None,
            (_, Kind::VcJwt | Kind::VcSdJwt) => Some("only the VC-API takes envelopes"),
            (Self::OneWay, Kind::Mdoc) => Some("an mdoc's device signs no time, so none is taken one-way"),
            (Self::Wallet, Kind::EcdsaSd) => Some("what was cut down is shown, not issued"),
            _ => None,
        }
    }

    /// Whether the holder's part is judged here too.
    pub const fn judges_holders(self) -> bool {
        matches!(self, Self::VerifyPresented | Self::Response | Self::TwoWay | Self::OneWay | Self::Offline)
    }

    /// Of a body of more bytes nothing but the length is looked at.
    pub(super) const fn longest(self) -> Option<usize> {
        match self {
            Self::VcApi | Self::VcApiPresented | Self::Verify | Self::VerifyPresented | Self::Response => {
                Some(1 << 20)
            }
            _ => None,
        }
    }

    /// Of more bytes codes can't be made; less fits in.
    pub const fn holds(self) -> usize {
        match self {
            Self::TwoWay | Self::OneWay | Self::Offline => MAX_PAYLOAD / 2,
            _ => usize::MAX,
        }
    }

    /// What is said here of what has this flaw.
    pub fn word(self, found: &'static str) -> &'static str {
        if found != MALFORMED && found != UNREADABLE {
            return found;
        }
        match self {
            Self::Library | Self::Wallet => found,
            Self::VcApi | Self::VcApiPresented | Self::Verify | Self::VerifyPresented
                if found == UNREADABLE =>
            {
                "invalid-request"
            }
            Self::VcApi | Self::VcApiPresented => MALFORMED,
            Self::Batch if found == UNREADABLE => "invalid-line",
            Self::Verify | Self::Batch | Self::Folder | Self::VerifyPresented => "unreadable",
            Self::Response => "invalid_request",
            Self::TwoWay | Self::OneWay | Self::Offline => "unreadable",
        }
    }
}
