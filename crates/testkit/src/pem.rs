//! Bytes as servers read them from files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// DER in PEM's clothes (RFC 7468 §2): `CERTIFICATE`, `PRIVATE KEY`.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
