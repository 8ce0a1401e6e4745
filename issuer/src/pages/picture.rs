//! A picture as it comes in a form, and as a claim has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The picture as a data URL. What is no picture becomes a text that the catalogue's check refuses by name.
pub(super) fn data_url(bytes: &[u8]) -> String {
    let media_type = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        _ => return "not a picture".to_owned(),
    };
    format!("data:{media_type};base64,{}", BASE64.encode(bytes))
}

/// Whether a text is a data URL that a page may show as a picture.
pub(super) fn is_shown(url: &str) -> bool {
    url.starts_with("data:image/png;base64,") || url.starts_with("data:image/jpeg;base64,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_become_pictures() {
        assert!(is_shown(&data_url(b"\x89PNG\r\n\x1a\n...")));
        assert!(is_shown(&data_url(b"\xff\xd8\xff\xe0")));
        assert!(!is_shown(&data_url(b"<svg onload=alert(1)>")));
        assert!(!is_shown("data:image/svg+xml;base64,AAAA"));
    }
}
