//! SD-JWTs in JSON (RFC 9901 §8; RFC 7515 §7.2): read to, and written from, the compact form.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::json;

/// Why a JSON text is no SD-JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonFormError {
    /// The JSON.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// Members missing, of a wrong type, or of both forms at once.
    #[error("not an SD-JWT in JSON")]
    Malformed,
    /// Something outside what is signed that would have to be signed: `alg`, `crit`, `typ`…
    #[error("an unprotected header says what only a protected one may")]
    Unprotected,
    /// Disclosures or a key binding stand elsewhere than in the first signature's header.
    #[error("disclosures stand elsewhere than in the first signature's header")]
    Misplaced,
}

/// An SD-JWT in JSON, of one signature (flattened) or several (general). Nothing in it is to be believed.
#[derive(Clone)]
pub struct JsonForm {
    payload: String,
    /// The protected header and the signature of each.
    signatures: Vec<(String, String)>,
    disclosures: Vec<String>,
    key_binding: String,
}

#[derive(Deserialize)]
struct Signed {
    protected: String,
    signature: String,
    header: Option<Map<String, Value>>,
}

/// The unprotected header; `kid` only helps to look a key up.
#[derive(Default, Deserialize)]
struct Beside {
    disclosures: Option<Vec<String>>,
    kb_jwt: Option<String>,
}

impl JsonForm {
    /// Takes the JSON apart.
    ///
    /// # Errors
    /// [`JsonFormError`].
    pub fn parse(text: &[u8]) -> Result<Self, JsonFormError> {
        const SIGNATURES: usize = 8;
        let Value::Object(mut members) = json::parse(text)? else { return Err(JsonFormError::Malformed) };
        // Where drafts had them.
        if members.contains_key("disclosures") || members.contains_key("kb_jwt") {
            return Err(JsonFormError::Misplaced);
        }
        let Some(Value::String(payload)) = members.remove("payload") else {
            return Err(JsonFormError::Malformed);
        };
        let signed: Vec<Signed> = match members.remove("signatures") {
            Some(_) if members.contains_key("signature") => return Err(JsonFormError::Malformed),
            Some(list) => objects::from_value(&list),
            None => objects::from_value(&members).map(|one| vec![one]),
        }
        .map_err(|_| JsonFormError::Malformed)?;
        if signed.is_empty() || signed.len() > SIGNATURES {
            return Err(JsonFormError::Malformed);
        }
        let mut form =
            Self { payload, signatures: Vec::new(), disclosures: Vec::new(), key_binding: String::new() };
        for (at, Signed { protected, signature, header }) in signed.into_iter().enumerate() {
            let beside = read_beside(header)?;
            if at > 0 && (beside.disclosures.is_some() || beside.kb_jwt.is_some()) {
                return Err(JsonFormError::Misplaced);
            }
            form.disclosures.extend(beside.disclosures.unwrap_or_default());
            form.key_binding.extend(beside.kb_jwt);
            form.signatures.push((protected, signature));
        }
        let parts = form.signatures.iter().flat_map(|(protected, signature)| [protected, signature]);
        let parts = parts.chain(&form.disclosures).chain([&form.payload]);
        // What is put between dots and tildes must not have any.
        if parts.into_iter().any(|part| part.contains(['.', '~'])) || form.key_binding.contains('~') {
            return Err(JsonFormError::Malformed);
        }
        Ok(form)
    }

    /// In compact form, one for each signature, in their order; whoever verifies chooses by the header's `kid`.
    /// All have the same disclosures. A key binding is about the first.
    pub fn compact(&self) -> impl Iterator<Item = String> + '_ {
        self.signatures.iter().map(|(protected, signature)| {
            let token = format!("{protected}.{}.{signature}", self.payload);
            let parts = [&token].into_iter().chain(&self.disclosures).chain([&self.key_binding]);
            parts.map(String::as_str).collect::<Vec<_>>().join("~")
        })
    }

    /// The flattened form of a compact SD-JWT.
    #[must_use]
    pub fn flattened(compact: &str) -> Option<Value> {
        let (rest, key_binding) = compact.rsplit_once('~')?;
        let mut parts = rest.split('~');
        let mut token = parts.next()?.split('.');
        let (protected, payload, signature) = (token.next()?, token.next()?, token.next()?);
        let mut header = json!({ "disclosures": parts.collect::<Vec<_>>() });
        if !key_binding.is_empty() {
            header["kb_jwt"] = key_binding.into();
        }
        let form =
            json!({ "payload": payload, "protected": protected, "signature": signature, "header": header });
        token.next().is_none().then_some(form)
    }
}

fn read_beside(header: Option<Map<String, Value>>) -> Result<Beside, JsonFormError> {
    let Some(header) = header else { return Ok(Beside::default()) };
    if header.keys().any(|name| !["disclosures", "kb_jwt", "kid"].contains(&name.as_str())) {
        return Err(JsonFormError::Unprotected);
    }
    objects::from_value(&header).map_err(|_| JsonFormError::Malformed)
}
