//! Check characters, written a second time and another way than in the code under test.

/// The check character of a resident ID number's 17 digits: ISO 7064 MOD 11-2, by its recursive form.
///
/// Anything that is no digit counts as 0.
#[must_use]
pub fn id_number_check(body: &str) -> char {
    let mut product = 0;
    for digit in body.chars().map(|c| c.to_digit(10).unwrap_or(0)) {
        product = (product + digit) * 2 % 11;
    }
    match (12 - product) % 11 {
        10 => 'X',
        value => char::from_digit(value, 10).unwrap_or('0'),
    }
}

/// The check character of a credit code's 17 characters: weights are the powers of 3 modulo 31.
///
/// Anything outside the alphabet counts as 0.
#[must_use]
pub fn credit_code_check(body: &str) -> char {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut weight = 1;
    let mut sum = 0;
    for c in body.chars() {
        sum = (sum + ALPHABET.find(c).unwrap_or(0) * weight) % 31;
        weight = weight * 3 % 31;
    }
    let value = if sum == 0 { 0 } else { 31 - sum };
    ALPHABET.chars().nth(value).unwrap_or('0')
}

/// The check character of an organisation code's 8 characters (GB 11714).
///
/// Anything that is no digit or capital letter counts as 0.
#[must_use]
pub fn organisation_check(body: &str) -> char {
    let weighted = body.chars().zip([3, 7, 9, 10, 5, 8, 4, 2]);
    let sum: u32 = weighted.map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        value => char::from_digit(value, 10).unwrap_or('0'),
    }
}

/// The check character of an e-licence identifier's type, issuer, serial and version in one: ISO 7064 MOD 37,36.
///
/// Anything that is no digit or capital letter counts as 0.
#[must_use]
pub fn licence_identifier_check(body: &str) -> char {
    let mut product = 36;
    for value in body.chars().map(|c| c.to_digit(36).unwrap_or(0)) {
        product += value;
        if product > 36 {
            product -= 36;
        }
        product *= 2;
        if product >= 37 {
            product -= 37;
        }
    }
    // The character that brings the next sum to 1.
    (0..36)
        .find(|value| (product + value) % 36 == 1)
        .and_then(|value| char::from_digit(value, 36))
        .map_or('0', |c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(id_number_check("11010519491231002"), 'X');
        assert_eq!(credit_code_check("91340100MA8TE5T02"), 'F');
        let identifier = "11100000MB0143028R00111340100MB0TE5T1XW2026AH00000001001";
        assert_eq!(licence_identifier_check(identifier), '0');
    }
}
