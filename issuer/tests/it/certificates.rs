//! `certificates.rs`: the certificate that goes along with what is signed as JWT (HAIP 1.0 §4.1, §6.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use credentials::UnixSeconds;
use credentials::cose;
use credentials::jws::{self, Header};
use credentials::key::{Algorithm, PublicKey};
use credentials::status::TOKEN_LIST_CWT;
use credentials::x509::{ANY_PURPOSE, Certificate, check_chain};
use issuer::Policy;
use serde_json::Value;

use crate::keys::rotate;
use crate::world::World;

const SD_JWT: &str = "business-licence-sd-jwt";

fn header(token: &str) -> Header {
    let token = token.split('~').next().unwrap();
    jws::Unverified::parse(token).unwrap().header().clone()
}

/// Those of the status list as a CWT, as a JWT's header would have them; this key signed it.
async fn of_cwt(world: &World, key: &PublicKey) -> Header {
    let accept = [("accept", "application/statuslist+cwt".to_owned())];
    let list = world.http.get_with("/status-lists/0", &accept).await;
    let message = cose::Unverified::parse(list.bytes()).expect("reads");
    let header = message.verify(key, TOKEN_LIST_CWT).expect("by the issuer's key").protected;
    Header {
        kid: header.kid.map(|kid| String::from_utf8(kid).expect("text")),
        x5c: Some(header.x5chain.iter().map(|der| BASE64.encode(der)).collect()),
        ..Header::default()
    }
}

/// The only certificate in a header: the root is for readers to have.
fn certificate(header: &Header) -> Certificate {
    let [only] = header.x5c.as_deref().expect("certified") else { panic!("{:?}", header.x5c) };
    Certificate::parse(&BASE64.decode(only).expect("base64")).expect("reads")
}

async fn credential(world: &World) -> Header {
    let (Value::String(text), _) = world.issued(SD_JWT).await else { panic!("a text") };
    header(&text)
}

/// Signed metadata, and a status list in both forms.
async fn others(world: &World) -> [Header; 3] {
    let metadata = [("accept", "application/jwt".to_owned())];
    let metadata = world.http.get_with("/.well-known/openid-credential-issuer", &metadata).await;
    let list = header(&world.http.get("/status-lists/0", None).await.text());
    let cwt = of_cwt(world, certificate(&list).key()).await;
    [header(&metadata.text()), list, cwt]
}

/// The roots that count, the newest first.
async fn roots(world: &World) -> Vec<Certificate> {
    let roots = world.http.get("/mdoc/roots", None).await.json()["roots"].as_array().unwrap().clone();
    let read = |root: &Value| Certificate::parse(&BASE64.decode(root.as_str().unwrap()).unwrap()).unwrap();
    roots.iter().map(read).collect()
}

#[tokio::test]
async fn tokens_carry_the_certificate_of_their_key_and_a_new_one_with_each_new_key() {
    let mut world = World::start().await;
    let now = UnixSeconds(world.now());
    let first = credential(&world).await;
    for header in [first.clone()].into_iter().chain(others(&world).await) {
        let certificate = certificate(&header);
        assert_eq!(certificate.uris(), [header.kid.expect("named beside it")]);
        assert_eq!(*certificate.key(), world.issuer_key(Algorithm::Es256));
        assert!(!certificate.is_self_signed());
        assert_eq!(check_chain(&[certificate], &roots(&world).await, ANY_PURPOSE, now), Ok(()));
        assert_eq!(header.x5c, first.x5c, "it tells nothing of what it comes with");
    }
    world.restart().await;
    assert_eq!(credential(&world).await.x5c, first.x5c);

    assert_eq!(rotate(&world, "p256").await.json()["key"], "key-4");
    let next = credential(&world).await;
    assert_eq!(certificate(&next).uris(), [format!("{}#key-4", world.did())]);
    assert_ne!(certificate(&next).key(), certificate(&first).key());
    for header in others(&world).await {
        assert_eq!(header.x5c, next.x5c, "the lists that were kept are made anew");
    }
    assert_eq!(rotate(&world, "mdoc-root").await.json()["key"], "root-2");
    let last = credential(&world).await;
    let roots = roots(&world).await;
    for (header, leads_to) in [(&first, [false, true]), (&next, [false, true]), (&last, [true, false])] {
        let chain = [certificate(header)];
        let led = |root| check_chain(&chain, std::slice::from_ref(root), ANY_PURPOSE, now).is_ok();
        assert_eq!([led(&roots[0]), led(&roots[1])], leads_to, "former roots are given out for what was");
    }
    assert_eq!(certificate(&last).key(), certificate(&next).key(), "the same key");
    world.stop().await;
}

#[tokio::test]
async fn a_department_may_leave_it_out_of_credentials() {
    let world = World::with(Policy { sd_jwt_certificate: false, ..Policy::default() }).await;
    let header = credential(&world).await;
    assert_eq!((header.x5c, header.kid), (None, Some(format!("{}#key-3", world.did()))));
    for header in others(&world).await {
        certificate(&header);
    }
    world.stop().await;
}
