//! An issuer, as its applicants and clerks see it.

use protocol::openid4vci::OfferLink;
use registry::Did;
use serde_json::{Value, json};
use wallet_core::Presented;

use crate::{Answer, Asked, Http};

/// An issuer.
pub struct Desk {
    /// How it is reached.
    pub http: Http,
    /// Its base URL, and its OpenID4VCI identifier.
    pub url: String,
    /// Its DID.
    pub did: Did,
    staff_token: String,
}

/// An application that came in.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// What shows that it is the applicant's.
    pub secret: String,
}

/// An offer, as the applicant gets it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The link, by reference.
    pub link: String,
    /// The pre-authorized code.
    pub code: String,
    /// What the holder enters on the phone.
    pub tx_code: String,
}

impl Offer {
    /// A transaction code that is not the right one.
    pub fn wrong_tx_code(&self) -> String {
        let right: u32 = self.tx_code.parse().expect("digits");
        format!("{:06}", (right + 1) % 1_000_000)
    }
}

impl Desk {
    /// The issuer at this address, with a clerk's token.
    pub fn new(http: &Http, url: &str, did: &Did, staff_token: &str) -> Self {
        Self {
            http: http.clone(),
            url: url.to_owned(),
            did: did.clone(),
            staff_token: staff_token.to_owned(),
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn staff(&self) -> Option<&str> {
        Some(&self.staff_token)
    }

    /// A citizen applies.
    pub async fn apply(&self, credential_type: &str, claims: &Value) -> Application {
        let sent = json!({"type": credential_type, "claims": claims});
        let body = self.http.post_json(&self.at("/api/applications"), None, &sent).await.must(201);
        Application { id: text(&body, "id"), secret: text(&body, "secret") }
    }

    /// Somebody applies by presenting a credential: what her wallet is shown.
    pub async fn asks(&self, credential_type: &str) -> Asked {
        let sent = json!({"type": credential_type});
        let body = self.http.post_json(&self.at("/api/presentations"), None, &sent).await.must(201);
        let text = |name| text(&body, name);
        Asked { id: text("id"), link: text("link"), request_uri: text("request_uri") }
    }

    /// How that stands, for whoever shows the code.
    pub async fn presented(&self, asked: &Asked) -> Value {
        self.http.get(&self.at(&format!("/api/presentations/{}", asked.id)), None).await.must(200)
    }

    /// The application that an answer led to.
    pub fn led_to(&self, presented: &Presented) -> Application {
        let address = presented.redirect.as_ref().expect("somewhere to go on").as_str();
        let path = address.strip_prefix(&self.at("/applications/")).expect("an application's page");
        let (id, secret) = path.split_once("?key=").expect("its key");
        Application { id: id.to_owned(), secret: secret.to_owned() }
    }

    /// A clerk approves.
    pub async fn approve(&self, application: &Application) {
        let url = self.at(&format!("/api/applications/{}/approve", application.id));
        self.http.post_json(&url, self.staff(), &json!({})).await.must(200);
    }

    /// The applicant fetches the offer.
    pub async fn offer(&self, application: &Application) -> Offer {
        let url = self.at(&format!("/api/applications/{}/offer", application.id));
        read_offer(&self.http.get(&url, Some(&application.secret)).await)
    }

    /// The applicant asks for a new offer.
    pub async fn renewed(&self, application: &Application) -> Offer {
        let url = self.at(&format!("/api/applications/{}/offer", application.id));
        read_offer(&self.http.post_json(&url, Some(&application.secret), &json!({})).await)
    }

    /// All of that: applied, approved, offered.
    pub async fn offered(&self, credential_type: &str, claims: &Value) -> (Application, Offer) {
        let application = self.apply(credential_type, claims).await;
        self.approve(&application).await;
        let offer = self.offer(&application).await;
        (application, offer)
    }

    /// An application as clerks see it.
    pub async fn application(&self, application: &Application) -> Value {
        let url = self.at(&format!("/api/applications/{}", application.id));
        self.http.get(&url, self.staff()).await.must(200)
    }

    /// The configurations that were collected on an application.
    pub async fn issued(&self, application: &Application) -> Vec<String> {
        let seen = self.application(application).await;
        let issued = seen["issued"].as_array().expect("a list");
        issued.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The id of the credential that was collected on an application in this configuration.
    pub async fn credential_id(&self, application: &Application, configuration: &str) -> String {
        text(&self.application(application).await["credentials"], configuration)
    }

    /// A credential as clerks see it.
    pub async fn credential(&self, id: &str) -> Value {
        self.http.get(&self.at(&format!("/api/credentials/{id}")), self.staff()).await.must(200)
    }

    /// An admin replaces the key in a slot; the new one's name.
    pub async fn rotate(&self, slot: &str) -> String {
        let url = self.at(&format!("/api/keys/{slot}/rotate"));
        text(&self.http.post_json(&url, self.staff(), &json!({})).await.must(200), "key")
    }

    /// An admin asks to declare a key stolen.
    pub async fn ask_compromised(&self, key: &str, since: registry::UnixMillis, keep: bool) -> Answer {
        let url = self.at(&format!("/api/keys/{key}/compromised"));
        let wish = json!({"since": since, "keep": keep, "reason": "测试"});
        self.http.post_json(&url, self.staff(), &wish).await
    }

    /// Another admin approves what waits.
    pub async fn approve_compromised(&self, key: &str) -> Answer {
        let keys = self.http.get(&self.at("/api/keys"), self.staff()).await.must(200);
        let found = keys["declarations"].as_array().and_then(|all| all.iter().find(|one| one["key"] == key));
        let url = self.at(&format!("/api/keys/{key}/compromised/approve"));
        let wish = json!({"wish": found.map(|one| &one["wish"])});
        self.http.post_json(&url, self.staff(), &wish).await
    }

    /// A clerk changes a credential: `revoke`, `suspend`, `reinstate`.
    pub async fn change(&self, id: &str, change: &str) -> Answer {
        let url = self.at(&format!("/api/credentials/{id}/{change}"));
        self.http.post_json(&url, self.staff(), &json!({"reason": "测试"})).await
    }

    /// A clerk declares the phone lost that holds a credential.
    pub async fn phone_lost(&self, id: &str) -> Value {
        let url = self.at(&format!("/api/credentials/{id}/phone-lost"));
        self.http.post_json(&url, self.staff(), &json!({"reason": "手机遗失"})).await.must(200)
    }

    /// The applicant declares her phone lost.
    pub async fn own_phone_lost(&self, application: &Application) -> Value {
        let url = self.at(&format!("/api/applications/{}/phone-lost", application.id));
        self.http.post_json(&url, Some(&application.secret), &json!({})).await.must(200)
    }

    /// The same for every credential of an application; each must succeed.
    pub async fn change_all(&self, application: &Application, change: &str) {
        let seen = self.application(application).await;
        for id in seen["credentials"].as_object().expect("credentials").values() {
            self.change(id.as_str().expect("an id"), change).await.must(200);
        }
    }
}

fn read_offer(answer: &Answer) -> Offer {
    let body = answer.must(200);
    let OfferLink::Value(offer) = OfferLink::parse(&text(&body, "offer_uri_by_value")).expect("an offer")
    else {
        panic!("the offer is not by value")
    };
    Offer {
        link: text(&body, "offer_uri"),
        code: offer.pre_authorized().expect("a grant").code.expose().to_owned(),
        tx_code: text(&body, "tx_code"),
    }
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned()
}
