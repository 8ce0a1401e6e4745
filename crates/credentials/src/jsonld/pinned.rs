//! The contexts that every copy of this crate has, byte for byte as published.

/// A context document, pinned.
#[derive(Debug, Clone, Copy)]
pub struct PinnedContext {
    /// Its URL.
    pub url: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The SHA-256 of the text, in hexadecimal: the one that the context's specification lists, where one does.
    pub sha256: &'static str,
}

/// All pinned contexts.
///
/// The W3C's are its documents, taken from the repositories of VCDM 2.0 (`contexts/credentials`), Data Integrity 1.0
/// (`contexts/data-integrity`, `contexts/multikey`, `contexts/jwk`) and, for DIDs, as served at its URL. The digests
/// are those listed in VCDM 2.0 §B.1, VCDM 1.1 §B.1 and Data Integrity 1.0 §2.4.1.
pub const PINNED: &[PinnedContext] = &[
    PinnedContext {
        url: "https://www.w3.org/ns/credentials/v2",
        text: include_str!("contexts/credentials-v2.jsonld"),
        sha256: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    },
    PinnedContext {
        url: "https://www.w3.org/2018/credentials/v1",
        text: include_str!("contexts/credentials-v1.jsonld"),
        sha256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
    },
    PinnedContext {
        url: "https://w3id.org/security/data-integrity/v2",
        text: include_str!("contexts/data-integrity-v2.jsonld"),
        sha256: "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    },
    PinnedContext {
        url: "https://w3id.org/security/multikey/v1",
        text: include_str!("contexts/multikey-v1.jsonld"),
        sha256: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    },
    PinnedContext {
        url: "https://w3id.org/security/jwk/v1",
        text: include_str!("contexts/jwk-v1.jsonld"),
        sha256: "0f14b62f6071aafe00df265770ea0c7508e118247d79b7d861a406d2aa00bece",
    },
    PinnedContext {
        url: "https://www.w3.org/ns/did/v1",
        text: include_str!("contexts/did-v1.jsonld"),
        sha256: "4f3eae5568c9c5f036a082088f9e192019ee06faa78973c87ff91d5421b88dad",
    },
    PinnedContext {
        url: "https://schema.huizheng.example/2026/v1",
        text: include_str!("contexts/huizheng-2026-v1.jsonld"),
        sha256: "b7a6f565ff87947c2c9b466a54f23c12084c0f819404f1a9ac5e62e78d674c6c",
    },
];
