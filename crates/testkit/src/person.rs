//! People who don't exist.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::{id_number_check, portrait_png};

/// Hefei, Wuhu, Bengbu, Huainan, Ma'anshan, Huangshan: division codes and names.
const PLACES: [(&str, &str); 6] = [
    ("340100", "合肥市"),
    ("340200", "芜湖市"),
    ("340300", "蚌埠市"),
    ("340400", "淮南市"),
    ("340500", "马鞍山市"),
    ("341000", "黄山市"),
];
const FAMILY: [&str; 12] = ["程", "方", "汪", "吴", "胡", "江", "鲍", "许", "叶", "潘", "倪", "陶"];
const GIVEN: [&str; 12] =
    ["知夏", "云舒", "景行", "若溪", "望舒", "怀瑾", "清和", "思远", "亦安", "子衿", "星野", "静之"];
const ETHNICITIES: [&str; 4] = ["汉族", "回族", "畲族", "满族"];

/// A synthetic person with an ID number that passes every check.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Family name and given name.
    pub name: String,
    /// `male` or `female`.
    pub sex: &'static str,
    /// 民族.
    pub ethnicity: &'static str,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// Where they live.
    pub address: String,
    /// The resident ID number.
    pub id_number: String,
    /// Who issued the ID.
    pub issuing_authority: String,
    /// A drawing, as a PNG.
    pub portrait: Vec<u8>,
}

impl Person {
    /// The person with this number. Neighbours differ in everything; the first thousands in their ID number.
    #[must_use]
    pub fn nth(n: usize) -> Self {
        let (division, place) = PLACES[n % PLACES.len()];
        let (year, month, day) = (1950 + n * 7 % 55, 1 + n * 5 % 12, 1 + n * 11 % 28);
        let male = n % 2 == 1;
        // Odd sequences are male.
        let sequence = (n * 2 + usize::from(male)) % 1000;
        let body = format!("{division}{year:04}{month:02}{day:02}{sequence:03}");
        let check = id_number_check(&body);
        Self {
            name: format!("{}{}", FAMILY[n % FAMILY.len()], GIVEN[(n / 3 + n) % GIVEN.len()]),
            sex: if male { "male" } else { "female" },
            ethnicity: ETHNICITIES[n % ETHNICITIES.len()],
            birth_date: format!("{year:04}-{month:02}-{day:02}"),
            address: format!("安徽省{place}示例路{}号{}室", 1 + n % 200, 101 + n % 900),
            id_number: format!("{body}{check}"),
            issuing_authority: format!("{place}公安局"),
            portrait: portrait_png(n),
        }
    }

    /// The claims of an application for a digital ID.
    #[must_use]
    pub fn digital_id_claims(&self) -> Value {
        json!({
            "name": self.name,
            "sex": self.sex,
            "ethnicity": self.ethnicity,
            "birthDate": self.birth_date,
            "address": self.address,
            "idNumber": self.id_number,
            "portrait": format!("data:image/png;base64,{}", BASE64.encode(&self.portrait)),
            "issuingAuthority": self.issuing_authority,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_distinct_and_people_repeatable() {
        let numbers: HashSet<_> = (0..1000).map(|n| Person::nth(n).id_number).collect();
        assert_eq!(numbers.len(), 1000);
        assert!(Person::nth(7) == Person::nth(7));
    }
}
