//! Base45 (RFC 9285): the alphabet in which a QR code holds most, and which scanners can type.

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Three characters for two bytes, two for a last one.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let number = pair.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        let digits = [number % 45, number / 45 % 45, number / 2025];
        let taken = digits.iter().take(pair.len() + 1);
        text.extend(taken.filter_map(|digit| ALPHABET.get(*digit)).map(|digit| char::from(*digit)));
    }
    text
}

/// Reads what [`encode`] wrote; none for anything else, since each text has one meaning and each meaning one text.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| ALPHABET.iter().position(|digit| digit == byte);
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for triple in text.as_bytes().chunks(3) {
        let digits: Vec<usize> = triple.iter().map(digit).collect::<Option<_>>()?;
        match digits.as_slice() {
            [a, b, c] => bytes.extend(u16::try_from(a + 45 * b + 2025 * c).ok()?.to_be_bytes()),
            [a, b] => bytes.push(u8::try_from(a + 45 * b).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn the_rfcs_examples() {
        // RFC 9285 §4.3, §4.4
        for (text, code) in
            [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")]
        {
            assert_eq!(encode(text.as_bytes()), code);
            assert_eq!(decode(code).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        // RFC 9285 §6: GGW is 65,536.
        for wrong in ["GGW", ":::", "A", "BB8A", "::", "ab8", "B_8", "中文"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
        assert_eq!(decode("").as_deref(), Some(&[][..]));
        assert_eq!(decode("FGW"), Some(vec![255, 255]));
    }
}
