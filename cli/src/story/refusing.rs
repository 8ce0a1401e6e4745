//! What must not work: replays, overreach, strangers. And a no that is respected.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use registry::LocalText;
use serde_json::{Value, json};
use wallet_core::RequestRefused;

use super::counter::{Asked, Counter};
use super::scene::Scene;
use super::teller::{Teller, must};
use crate::fault::{Done, Fault, OrFault};

/// Someone recorded what the phone sent and sends it again.
pub(super) async fn replay(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("A recorded answer is worth nothing");
    let (_, first) = scene.show_in_clear("company-service").await?;
    must!(first.decision == "accepted", "the first time should be accepted: {}", first.body);
    let Some((url, body)) = scene.sent.last() else { return Err(Fault::new("nothing was recorded", "")) };
    let again = post(scene, &url, body.clone()).await?;
    must!((400..500).contains(&again), "the same answer to the same request should be refused: {again}");
    teller.step("Sent again to the same request: refused", format!("{again}"));

    // The thief is clever and puts the new request's state into the old answer; the nonce is in the signature.
    let asked = scene.counter.ask_in_clear("company-service").await?;
    let state = state_of(scene, &asked).await?;
    let other = format!("{}/requests/{}/response", scene.counter.url, asked.id);
    let fields = url::form_urlencoded::parse(&body).filter(|(name, _)| name != "state").collect::<Vec<_>>();
    let mut forged = url::form_urlencoded::Serializer::new(String::new());
    forged.extend_pairs(fields);
    if let Some(state) = state {
        forged.append_pair("state", &state);
    }
    post(scene, &other, forged.finish().into_bytes()).await?;
    let decided = scene.counter.decision(&asked).await?;
    must!(decided.decision == "refused", "the recorded answer should be refused: {}", decided.body);
    let failed = decided.checks("failed");
    must!(failed.iter().any(|name| name == "nonce"), "the nonce should be why: {failed:?}");
    teller.step("Sent to a new request, with its state: refused, the nonce is another", decided.reason);
    Ok(())
}

/// The state in a signed request, as anyone who scans the code can read it.
async fn state_of(scene: &Scene, asked: &Asked) -> Done<Option<String>> {
    let url = format!("{}/requests/{}/object", scene.counter.url, asked.id);
    let token = scene.http.get(url).send().await.or_fault("the counter should answer")?;
    let token = token.text().await.or_fault("the counter should answer")?;
    let payload =
        token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    let payload: Value = serde_json::from_slice(&payload).or_fault("the request should be a signed token")?;
    Ok(payload.get("state").and_then(Value::as_str).map(str::to_owned))
}

async fn post(scene: &Scene, url: &str, body: Vec<u8>) -> Done<u16> {
    let request = scene.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    Ok(request.send().await.or_fault("the counter should answer")?.status().as_u16())
}

/// The counter asks for more than it is registered for.
pub(super) async fn too_much(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("A counter that asks too much is refused by the phone");
    let query = json!({ "credentials": [{
        "id": "licence",
        "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:huizheng:business-licence:1"] },
        "claims": [{ "path": ["name"] }, { "path": ["registeredCapital"] }, { "path": ["address"] }],
    }] });
    let asked = scene.counter.ask("company-service", Some(query)).await?;
    let refused = scene.refusal(&asked).await?;
    let RequestRefused::AsksTooMuch { claims, .. } = &refused else {
        return Err(Fault::new(format!("the wallet should have said that it is too much: {refused}"), ""));
    };
    must!(claims.iter().any(|claim| claim == "address"), "the refusal should name the claims: {claims:?}");
    teller.step(
        "Its registered purpose has no address and no capital; the phone refuses and says so",
        refused.to_string(),
    );
    let decided = scene.counter.decision(&asked).await?;
    must!(decided.decision != "accepted", "the counter should have nothing: {}", decided.body);
    teller.step("Nothing left; the counter is told no", format!("the request is {}", decided.state));
    Ok(())
}

/// A counter that nobody registered, though its DID and its signature are in order.
pub(super) async fn unregistered(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("A counter that nobody registered");
    let urls = scene.stack.urls();
    let token = service::random::token(32);
    let seed = crate::stack::Seed::bundled().or_fault("this build is broken; report it")?;
    let name = LocalText::new("来历不明的窗口", "Unknown counter");
    let purposes = seed.purposes.iter().map(crate::stack::PurposeSeed::config).collect();
    let staff = vec![verifier::StaffAccount::new("nobody", &token)];
    let nobody = verifier::Tenant::new(seed.verifier.id, name, purposes, staff);
    let (node, anchor) = (urls.chain.url.parse().or_fault("")?, urls.chain.anchor.clone());
    let config = verifier::Config::local(nobody, node, anchor, scene.folder.join("unknown-counter"));
    let stranger = verifier::Verifier::bind(config).await.or_fault("a second counter should start")?;
    let counter = Counter { http: scene.http.clone(), url: stranger.base_url().to_owned(), token };
    let asked = counter.ask("company-service", None).await;
    let refused = match &asked {
        Ok(asked) => scene.refusal(asked).await,
        Err(_) => Err(Fault::new("the second counter should ask", "")),
    };
    let did = stranger.did().clone();
    stranger.shutdown().await;
    let refused = refused?;
    must!(
        matches!(refused, RequestRefused::NotRegistered { .. }),
        "the wallet should say that it isn't registered: {refused}"
    );
    teller.step(
        "Its DID and its signature are in order, its purpose isn't: refused",
        format!("{did}\n{refused}"),
    );
    Ok(())
}

/// The holder says no.
pub(super) async fn no(scene: &Scene, teller: &mut Teller) -> Done {
    teller.chapter("The holder says no");
    let (asked, consent) = scene.ask("identity-check").await?;
    must!(scene.wallet.decline(&consent.id).await.or_fault("")?, "the request should have been open");
    let decided = scene.counter.decision(&asked).await?;
    must!(decided.state == "declined", "the counter should know: {}", decided.body);
    must!(decided.claims().is_empty(), "nothing should have left");
    teller.step("The counter is told no, and nothing else", format!("the request is {}", decided.state));
    Ok(())
}
