//! Several holders in one wallet: a person, and the firms she acts for.
//!
//! Cards say of themselves whose they are: by an ID number, or by a company's credit code. A mandate is the company's, and
//! names the person who acts. Cards that carry neither are the person's, if there is only one in the wallet.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Wallet, vault::VaultError};

/// Somebody whose cards are in the wallet. Personal: `Debug` shows no name.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HolderOfCards {
    /// A company, or a person.
    pub is_company: bool,
    /// The name on its cards; empty for cards that don't say whose they are.
    pub name: String,
    /// Its cards' ids, the newest first.
    pub cards: Vec<String>,
    /// Of a company: the mandates, among its cards, by which this wallet's person acts for it. With none she has the
    /// company's own cards, as its legal representative does.
    pub mandates: Vec<String>,
}

impl fmt::Debug for HolderOfCards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("HolderOfCards");
        out.field("is_company", &self.is_company).field("cards", &self.cards).finish_non_exhaustive()
    }
}

/// The claims that say which company a card is of, and what it is called there.
const COMPANY: [(&str, &str); 3] =
    [("creditCode", "name"), ("taxpayerNumber", "name"), ("principal", "principalName")];
const PERSON: [(&str, &str); 2] = [("idNumber", "name"), ("licenceNumber", "familyName")];

impl Wallet {
    /// Whose cards these are: the person's first, then those of the companies that she acts for, each with the name on its
    /// newest card.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn holders(&self) -> Result<Vec<HolderOfCards>, VaultError> {
        let context = self.context();
        let mut holders: BTreeMap<(bool, String), HolderOfCards> = BTreeMap::new();
        let mut of_nobody = Vec::new();
        for (id, face) in context.faces()? {
            let claims = face.claims;
            let company = COMPANY.iter().find_map(|names| identified(&claims, *names));
            let is_company = company.is_some();
            let found = company.or_else(|| PERSON.iter().find_map(|names| identified(&claims, *names)));
            let Some((number, name)) = found else {
                of_nobody.push(id);
                continue;
            };
            let new = || HolderOfCards { is_company, name, cards: Vec::new(), mandates: Vec::new() };
            let holder = holders.entry((is_company, number)).or_insert_with(new);
            if claims.contains_key("principal") {
                holder.mandates.push(id.clone());
            }
            holder.cards.push(id);
        }
        let mut holders: Vec<HolderOfCards> = holders.into_values().collect();
        let mut persons = holders.iter_mut().filter(|holder| !holder.is_company);
        match (persons.next(), persons.next()) {
            (Some(only), None) => only.cards.append(&mut of_nobody),
            _ if of_nobody.is_empty() => {}
            _ => {
                let (name, mandates) = (String::new(), Vec::new());
                holders.push(HolderOfCards { is_company: false, name, cards: of_nobody, mandates });
            }
        }
        Ok(holders)
    }
}

fn identified(claims: &Map<String, Value>, (number, name): (&str, &str)) -> Option<(String, String)> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text(number)?, text(name).unwrap_or_default()))
}
