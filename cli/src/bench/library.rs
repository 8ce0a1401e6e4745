//! `decision/library_per_s`: the counter's judgement alone, without network and disk, on one thread and on two. Floor: its signature
//! checks alone on as many, the issuer's and the holder's by ES256.

use std::time::{Duration, Instant};

use credentials::catalogue::Catalogue;
use credentials::key::Signer as _;
use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use protocol::dcql::{DcqlQuery, QueryId};
use protocol::openid4vp::{Presentation, VpToken};
use serde_json::json;
use service::clock;
use verifier::Verdict;
use verifier::judging::{self, Question};

use super::Line;
use super::presentation::Phone;
use crate::fault::{Done, Fault, OrFault};
use crate::stack::Stack;
use crate::story::teller::must;

const BROKEN: &str = "this build is broken; report it";
/// Done between two looks at the clock.
const TURN: u32 = 16;

/// Runs it.
pub(super) async fn run(stack: &Stack, phone: &Phone, budget: Duration) -> Done {
    let (client_id, nonce) = ("decentralized_identifier:did:hui:anhui:zCounter", "a-nonce-of-this-counter");
    let read = sd_jwt::Unverified::parse(&phone.credential).or_fault(BROKEN)?;
    let chosen = ["name", "creditCode", "legalRepresentative"];
    let selection = read.select(&chosen.map(ClaimPath::top)).or_fault(BROKEN)?;
    let at = UnixSeconds(clock::now().seconds());
    let shown =
        selection.bind(client_id, nonce, at).or_fault(BROKEN)?.sign(&phone.holder).or_fault(BROKEN)?;
    let query = json!({ "credentials": [{
        "id": "licence", "format": "dc+sd-jwt",
        "meta": { "vct_values": [read.vct()] },
        "claims": chosen.map(|name| json!({ "path": [name] })),
    }]});
    let query = DcqlQuery::parse(query.to_string().as_bytes()).or_fault(BROKEN)?;
    let answer = VpToken::one(QueryId::new("licence").or_fault(BROKEN)?, Presentation::Text(shown));
    let catalogue = Catalogue::bundled().or_fault(BROKEN)?;
    let known = judging::known(answer.clone(), &query, catalogue, stack.client()).await.or_fault(BROKEN)?;
    let decide = || -> Done {
        let question = Question {
            query: &query,
            nonce,
            response_uri: "https://counter.example/response",
            client_id,
            binding_max_age: 600,
            now: clock::now(),
        };
        let judged = judging::judge_by(answer.clone(), question, catalogue, &known).or_fault(BROKEN)?;
        must!(judged.verdict() == Verdict::Accepted, "it should be accepted: {}", judged.reason().en);
        Ok(())
    };
    let signature = phone.holder.sign(b"a message").or_fault(BROKEN)?;
    let check = || -> Done {
        for _ in 0..2 {
            phone.holder.public_key().verify(b"a message", &signature).or_fault(BROKEN)?;
        }
        Ok(())
    };
    for (name, threads) in [("decision/library_per_s_one_thread", 1), ("decision/library_per_s", 2)] {
        let decided = tokio::task::block_in_place(|| per_second(threads, budget, &decide))?;
        let floor = tokio::task::block_in_place(|| per_second(threads, budget / 2, &check))?;
        Line::new(name, decided, "1/s", floor).print()?;
    }
    Ok(())
}

/// How often a second it is done on so many threads together.
fn per_second(threads: usize, budget: Duration, work: &(impl Fn() -> Done + Sync)) -> Done<f64> {
    let start = Instant::now();
    let count = || {
        let mut count = 0u32;
        while start.elapsed() < budget {
            for _ in 0..TURN {
                work()?;
            }
            count += TURN;
        }
        Done::Ok(count)
    };
    let counts: Vec<Done<u32>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        let ended = |_| Err(Fault::new("a thread of the measurement ended badly", BROKEN));
        running.into_iter().map(|thread| thread.join().unwrap_or_else(ended)).collect()
    });
    let mut total = 0;
    for count in counts {
        total += count?;
    }
    Ok(f64::from(total) / start.elapsed().as_secs_f64())
}
