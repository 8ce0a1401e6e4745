//! An issuer: a DID on the chain, keys, a status list, and credentials of any making.

use credentials::UnixSeconds;
use credentials::catalogue::{Catalogue, CredentialType};
use credentials::data_integrity::{self, CONTEXT_HUIZHENG, Making};
use credentials::key::{Algorithm, Signer, SoftwareKey};
use credentials::mdoc;
use credentials::sd_jwt;
use credentials::status::{RegistryEntry, StatusRef};
use credentials::x509::{Certifying, MDOC_SIGNER};
use registry::build::{DidPlan, SoftwareSigner, TxSigner, organisation_document, recovery_commitment};
use registry::{
    Action, Author, Did, EvidenceBundle, PublicKey, RecordKey, Slug, Status, StatusChange, StatusListId,
};
use serde_json::{Map, Value};
use service::clock;
use testkit::Company;

use super::Network;
use super::phone::{Card, Phone};

pub(crate) struct Issuer {
    pub(crate) did: Did,
    pub(crate) author: SoftwareSigner,
    pub(crate) es256: SoftwareKey,
    pub(crate) eddsa: SoftwareKey,
}

/// Where the next credential's status is.
#[derive(Clone)]
pub(crate) enum Statuses {
    /// At this entry of the issuer's own list.
    Own(u32),
    /// Anywhere, as written.
    At(String, u32),
    /// Nowhere.
    None,
}

/// A credential in the making; change what should be wrong with it.
pub(crate) struct Draft {
    pub(crate) credential_type: &'static str,
    pub(crate) claims: Map<String, Value>,
    pub(crate) issuer: String,
    pub(crate) kid: Option<String>,
    pub(crate) issued_at: i64,
    pub(crate) expires: Option<i64>,
    pub(crate) status: Statuses,
}

fn as_registered(key: &SoftwareKey) -> PublicKey {
    key.public_key().to_multikey().parse().unwrap()
}

impl Issuer {
    /// The evidence that a phone carries for a licence at this entry.
    pub(crate) async fn staples(&self, network: &Network, index: u32) -> Vec<Vec<u8>> {
        let list = StatusListId { owner: self.did.clone(), number: 1 };
        let keys = [
            RecordKey::Did(self.did.clone()),
            RecordKey::Trust(self.did.clone(), Slug::new("business-licence").unwrap()),
            RecordKey::StatusList(list.clone()),
            RecordKey::chunk_of(&list, index),
        ];
        let facts = network.client.facts(&keys).await.unwrap();
        let evidence: Vec<_> = facts.into_iter().map(|fact| fact.evidence).collect();
        vec![EvidenceBundle::of(&evidence).unwrap().to_bytes()]
    }

    /// A DID with an EdDSA key (`key-2`) and an ES256 key (`key-3`), status list 1, accredited for these types.
    pub(crate) async fn register(network: &Network, name: &str, types: &[&str]) -> Self {
        let mut rng = testkit::rng(name.len() as u64 * 31 + u64::from(name.as_bytes()[0]));
        let author = SoftwareSigner::generate(&mut rng).unwrap();
        let recovery = SoftwareSigner::generate(&mut rng).unwrap();
        let eddsa = SoftwareKey::generate(Algorithm::EdDsa, &mut rng);
        let es256 = SoftwareKey::generate(Algorithm::Es256, &mut rng);
        let signing = [as_registered(&eddsa), as_registered(&es256)];
        let plan = DidPlan {
            document: organisation_document(&author.public_key(), &signing, vec![]),
            salt: [7; 16],
            recovery_commitment: recovery_commitment(&recovery.public_key()),
        };
        let did = plan.did(&Slug::new("anhui").unwrap());
        network.client.act(&Author::Did(did.clone()), &plan.into_action(), &[&author]).await.unwrap();
        network.act(&did, &author, Action::StatusListCreate { number: 1, length: 131_072 }).await;
        for credential_type in types {
            network.accredit(&did, name, credential_type).await;
        }
        Self { did, author, es256, eddsa }
    }

    /// A business licence for the company with this number, issued now, good for a year, at this status entry.
    pub(crate) fn draft(&self, company: usize, index: u32) -> Draft {
        let Value::Object(claims) = Company::nth(company).business_licence_claims() else {
            panic!("claims are an object")
        };
        let now = clock::now().seconds();
        Draft {
            credential_type: "business-licence",
            claims,
            issuer: self.did.to_string(),
            kid: Some(format!("{}#key-3", self.did)),
            issued_at: now,
            expires: Some(now + 365 * 86_400),
            status: Statuses::Own(index),
        }
    }

    /// An honest SD-JWT VC.
    pub(crate) fn licence(&self, phone: &Phone, company: usize, index: u32) -> Card {
        self.issue(self.draft(company, index), &self.es256, phone)
    }

    /// A draft as an SD-JWT VC signed by any key, bound to the phone.
    pub(crate) fn issue(&self, draft: Draft, key: &SoftwareKey, phone: &Phone) -> Card {
        let kind = Catalogue::bundled().unwrap().by_id(draft.credential_type).unwrap();
        let disclosable = draft.claims.keys().map(|name| credentials::ClaimPath::top(name)).collect();
        let status = self.status(&draft.status);
        let text = sd_jwt::Issuance {
            issuer: draft.issuer,
            kid: draft.kid,
            x5c: None,
            vct: kind.vct.clone(),
            claims: draft.claims,
            disclosable,
            holder: Some(phone.key.public_key().clone()),
            issued_at: UnixSeconds(draft.issued_at),
            not_before: Some(UnixSeconds(draft.issued_at)),
            expires: draft.expires.map(UnixSeconds),
            status,
            decoys: 0,
        }
        .sign(key, &mut testkit::rng(5))
        .unwrap();
        Card::SdJwt(text)
    }

    /// An honest VCDM credential.
    pub(crate) fn licence_whole(&self, phone: &Phone, company: usize, index: u32) -> Card {
        let kind = Catalogue::bundled().unwrap().by_id("business-licence").unwrap();
        self.licence_of(kind, phone, company, index)
    }

    /// The same as this type of a catalogue says, by the cryptosuite that it names.
    pub(crate) fn licence_of(
        &self,
        kind: &CredentialType,
        phone: &Phone,
        company: usize,
        index: u32,
    ) -> Card {
        let draft = self.draft(company, index);
        let by_eddsa = kind.cryptosuite.takes(Algorithm::EdDsa);
        let (key, id) = if by_eddsa { (&self.eddsa, "key-2") } else { (&self.es256, "key-3") };
        let credential = data_integrity::Issuance {
            id: None,
            contexts: vec![CONTEXT_HUIZHENG.into()],
            types: vec![kind.vc_type.clone()],
            issuer: draft.issuer,
            verification_method: format!("{}#{id}", self.did),
            holder: Some(phone.key.public_key().did_key().did),
            claims: draft.claims,
            issued_at: UnixSeconds(draft.issued_at),
            valid_from: Some(UnixSeconds(draft.issued_at)),
            valid_until: draft.expires.map(UnixSeconds),
            status: self.status(&Statuses::Own(index)),
        };
        let prepared = credential.prepare_with(key.public_key(), &Making::with(kind.cryptosuite)).unwrap();
        Card::Whole(prepared.sign(key).unwrap())
    }

    /// A driver's licence as an mdoc, its validity moved by so many seconds, in a certificate that names this key.
    pub(crate) fn driving(&self, phone: &Phone, index: u32, moved: i64, key_id: Option<&str>) -> Card {
        let kind = Catalogue::bundled().unwrap().by_id("drivers-licence").unwrap();
        let signed = UnixSeconds(clock::now().seconds() + moved);
        let certifying = Certifying {
            issuer: "C=CN,CN=Test root",
            subject: "C=CN,CN=Test",
            uri: key_id,
            serial: &[1; 16],
            from: signed,
            until: signed.plus(86_400),
            purpose: Some(MDOC_SIGNER),
        };
        let claims = kind.validate_claims(&kind.example(), signed).unwrap();
        let issuance = mdoc::Issuance {
            doc_type: mdoc::MDL.into(),
            name_spaces: kind.mdoc_elements(&claims).unwrap().unwrap(),
            device_key: phone.key.public_key().clone(),
            signed,
            valid_from: signed,
            valid_until: signed.plus(600),
            status: self.status(&Statuses::Own(index)),
            x5chain: vec![certifying.sign(self.es256.public_key(), &self.es256).unwrap()],
        };
        Card::Mdoc(issuance.sign(&self.es256, &mut testkit::rng(6)).unwrap())
    }

    fn status(&self, statuses: &Statuses) -> Option<StatusRef> {
        let (list, index) = match statuses {
            Statuses::Own(index) => (format!("{}/status/1", self.did), *index),
            Statuses::At(list, index) => (list.clone(), *index),
            Statuses::None => return None,
        };
        Some(StatusRef { registry: Some(RegistryEntry { list, index }), ..StatusRef::default() })
    }

    /// Sets an entry of list 1; final when it returns.
    pub(crate) async fn set(&self, network: &Network, index: u32, status: Status) {
        let changes = vec![StatusChange { index, status }];
        network.act(&self.did, &self.author, Action::StatusUpdate { number: 1, changes }).await;
    }

    /// What `organisation_document` would hold with these signing keys.
    pub(crate) fn document(&self, signing: &[&SoftwareKey]) -> registry::DidDocument {
        let signing: Vec<PublicKey> = signing.iter().map(|key| as_registered(key)).collect();
        organisation_document(&self.author.public_key(), &signing, vec![])
    }
}
