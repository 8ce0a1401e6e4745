//! `huizheng verify` and `huizheng verifier journal`, as scripts run them: what they print, and how they end.

use credentials::{ClaimPath, UnixSeconds, sd_jwt};
use protocol::dcql::QueryId;
use protocol::offline::{Answer, Collected, Collector, FrameSize, Message, OfflineRequest, frames};
use protocol::openid4vp::Presentation;
use registry::{Did, Status};
use serde_json::{Value, json};
use service::clock;

use crate::process::{Place, Running, huizheng, output};
use crate::stack::{Card, Issuer, Network, Phone, Statuses};

/// A counter's keys and settings, an issuer, and somebody with a phone.
pub(crate) struct Field {
    pub(crate) network: Network,
    pub(crate) market: Issuer,
    pub(crate) phone: Phone,
    pub(crate) place: Place,
    did: Did,
}

/// How a command ended, and what it printed.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Field {
    pub(crate) async fn new(policy: &str) -> Self {
        let network = Network::start().await;
        let market = Issuer::register(&network, "Hefei Market Supervision", &["business-licence"]).await;
        let place = Place::make(&network, policy, "");
        // It makes its keys and its DID at its first start.
        let counter = Running::start(&place, &[], "/health/ready").await;
        let did = counter.did().await;
        drop(counter);
        Self { network, market, phone: Phone::new(), place, did }
    }

    async fn run(&self, words: &[&str]) -> Ended {
        let folder = self.place.path("nobody");
        let words: Vec<&str> = words.iter().copied().chain(["--data", &folder]).collect();
        let ended = output(huizheng(&words)).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: ended.status.code().unwrap(), out: text(&ended.stdout), err: text(&ended.stderr) }
    }

    /// Asks by this policy; the file with the codes' texts, and what they ask.
    async fn ask(&self, name: &str, policy: &str) -> (String, OfflineRequest) {
        let (keys, did) = (self.place.path("data/keys/bank"), self.did.to_string());
        let asked = self.run(&["verify", "ask", "--keys", &keys, "--did", &did, "--policy", policy]).await;
        assert_eq!(asked.code, 0, "{}", asked.err);
        let file = self.place.write(name, &asked.out);
        (file, read(&asked.out))
    }

    /// The evidence that a phone carries for a licence at this entry.
    pub(crate) async fn staples(&self, index: u32) -> Vec<Vec<u8>> {
        self.market.staples(&self.network, index).await
    }

    /// A phone's codes for a licence at this entry.
    pub(crate) fn answer(&self, asked: &OfflineRequest, index: u32, staples: Vec<Vec<u8>>) -> Vec<String> {
        let Card::SdJwt(text) = self.market.licence(&self.phone, 3, index) else { panic!("a token") };
        let selection = sd_jwt::Unverified::parse(&text).unwrap();
        let selection = selection.select(&[ClaimPath::top("name"), ClaimPath::top("creditCode")]).unwrap();
        let (nonce, at) = (asked.nonce.as_deref().unwrap(), UnixSeconds(clock::now().seconds()));
        let bound = selection.bind(asked.client_id.as_str(), nonce, at).unwrap();
        let presentation = Presentation::Text(bound.sign(&self.phone.key).unwrap());
        let query = QueryId::new(asked.dcql_query.credentials[0].id.as_str()).unwrap();
        let presentations = vec![(query, presentation)];
        let answer = Message::Answer(Answer { nonce: nonce.to_owned(), presentations, staples });
        frames(&answer.to_bytes(), FrameSize::COARSE).unwrap()
    }
}

/// What a counter's codes ask.
pub(crate) fn read(texts: &str) -> OfflineRequest {
    let mut collector = Collector::default();
    let whole = texts.lines().filter_map(|line| match collector.add(line).unwrap() {
        Collected::Whole(bytes) => Some(bytes),
        Collected::Part { .. } => None,
    });
    let Message::Ask(ask) = Message::from_bytes(&whole.last().unwrap()).unwrap() else { panic!("a request") };
    let token = credentials::jws::Unverified::parse(&ask.request).unwrap();
    serde_json::from_value(Value::Object(token.dangerous_claims().clone())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_no_network_from_the_request_to_the_second_look() {
    let field = Field::new("").await;
    let (anchor, policy) = (field.place.path("anchor.json"), field.place.path("policies/open-account.toml"));
    let (request, asked) = field.ask("ask.txt", &policy).await;
    let fresh = field.place.write("answer.txt", field.answer(&asked, 1, field.staples(1).await).join("\n"));
    let bare = field.place.write("bare.txt", field.answer(&asked, 1, vec![]).join("\n"));
    let decide = async |answer: &str, request: &str, more: &[&str]| {
        let words = ["verify", "--offline", answer, "--request", request, "--anchor", &anchor];
        let words: Vec<&str> = words.into_iter().chain(more.iter().copied()).collect();
        field.run(&words).await
    };
    let name = testkit::Company::nth(3).name;

    let accepted = decide(&fresh, &request, &["--policy", &policy, "--json"]).await;
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    let decision: Value = serde_json::from_str(&accepted.out).unwrap();
    assert_eq!(
        (&decision["decision"], &decision["claims"][0][1]["name"]),
        (&json!("accepted"), &json!(name))
    );
    let zh = decide(&fresh, &request, &["--lang", "zh"]).await;
    assert!(zh.code == 0 && zh.out.contains("通过") && zh.out.contains("营业执照"), "{}", zh.out);
    let en = decide(&fresh, &request, &[]).await;
    assert!(en.out.contains("accepted") && en.out.contains("Unified social credit code"), "{}", en.out);

    // Answered, but not what this request asked: refused. Without evidence: nobody can tell. Without an answer: no decision.
    let (other, _) = field.ask("other.txt", &policy).await;
    let replayed = decide(&fresh, &other, &["--json"]).await;
    let decision: Value = serde_json::from_str(&replayed.out).unwrap();
    assert_eq!((replayed.code, &decision["decision"]), (3, &json!("refused")));
    assert!(!replayed.out.contains(&name), "nothing is shown of what is refused");
    assert!(replayed.err.contains("another request"), "{}", replayed.err);
    let unknown = decide(&bare, &request, &["--lang", "zh"]).await;
    assert!(unknown.code == 4 && unknown.out.contains("无法判断"), "{} {}", unknown.code, unknown.out);
    assert_eq!(decide("no-such-file", &request, &[]).await.code, 1);

    // What was fetched before says what the phone does not.
    let (snapshot, did) = (field.place.path("snapshot.json"), field.market.did.to_string());
    let node = field.network.node_url.clone();
    let to_node = ["--node", node.as_str(), "--anchor", anchor.as_str()];
    let fetch = ["registry", "snapshot", "--issuer", &did, "--out", &snapshot];
    let fetched = field.run(&[&fetch[..], &to_node[..]].concat()).await;
    assert!(fetched.code == 0 && fetched.out.contains("records of the register"), "{}", fetched.err);
    assert_eq!(decide(&bare, &request, &["--snapshot", &snapshot]).await.code, 0);
    let forged = field.place.write("forged.json", "{}");
    assert_eq!(decide(&bare, &request, &["--snapshot", &forged]).await.code, 1);

    // A policy that asks something else is not passed over.
    let text = std::fs::read_to_string(&policy).unwrap();
    let stricter = field.place.write("stricter.toml", format!("{text}values = {{ name = ['another'] }}\n"));
    let passed_over = decide(&fresh, &request, &["--policy", &stricter]).await;
    assert!(passed_over.code == 1 && passed_over.err.contains("does not ask"), "{}", passed_over.err);
    let (by_stricter, asked) = field.ask("stricter.txt", &stricter).await;
    let answer =
        field.place.write("to-stricter.txt", field.answer(&asked, 1, field.staples(1).await).join("\n"));
    let refused = decide(&answer, &by_stricter, &["--policy", &stricter]).await;
    assert!(refused.code == 3 && refused.out.contains("another value"), "{}", refused.out);

    // Noted, and looked at once more when there is a network.
    let journal = field.place.path("journal");
    assert_eq!(decide(&fresh, &request, &["--journal", &journal]).await.code, 0);
    let list = async || {
        let listed = field.run(&["verifier", "journal", "list", "--json", "--journal", &journal]).await;
        assert_eq!(listed.code, 0, "{}", listed.err);
        let lines = listed.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    let noted = list().await;
    assert_eq!((noted.len(), &noted[0]["decision"]), (1, &json!("accepted")));
    assert!(noted[0].get("rechecked").is_none() && !noted[0].to_string().contains(&name));
    field.market.set(&field.network, 1, Status::Revoked).await;
    let recheck = ["verifier", "journal", "recheck", "--journal", &journal];
    let nobody = ["--node", "http://127.0.0.1:9", "--anchor", &anchor];
    assert_eq!(field.run(&[&recheck[..], &nobody[..]].concat()).await.code, 1, "without a node");
    let looked = field.run(&[&recheck[..], &to_node[..]].concat()).await;
    assert!(looked.code == 0 && looked.out.contains("status revoked"), "{} {}", looked.out, looked.err);
    assert_eq!(list().await[0]["rechecked"]["flags"][0]["code"], "revoked");
    let words = field.run(&["verifier", "journal", "list", "--journal", &journal]).await;
    assert!(words.out.contains("accepted") && words.out.contains("status revoked"), "{}", words.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_credentials_line_by_line_and_by_a_policy() {
    let field = Field::new("").await;
    let (anchor, node) = (field.place.path("anchor.json"), field.network.node_url.clone());
    let text = |card: Card| match card {
        Card::SdJwt(text) => text.into_bytes(),
        Card::Whole(value) => value.to_string().into_bytes(),
        Card::Mdoc(bytes) => bytes,
    };
    let verify = async |folder: &str, more: &[&str]| {
        let folder = field.place.path(folder);
        let words = ["verify", "batch", &folder, "--node", &node, "--anchor", &anchor];
        let words: Vec<&str> = words.into_iter().chain(more.iter().copied()).collect();
        let ended = field.run(&words).await;
        let lines = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        (ended.code, lines.collect::<Vec<_>>())
    };
    field.place.write("good/b.json", text(field.market.licence_whole(&field.phone, 3, 2)));
    field.place.write("good/a.sd-jwt", text(field.market.licence(&field.phone, 3, 1)));
    let (code, lines) = verify("good", &[]).await;
    assert_eq!((code, lines.len()), (0, 3));
    assert_eq!((&lines[0]["file"], &lines[1]["file"]), (&json!("a.sd-jwt"), &json!("b.json")));
    assert!(lines[..2].iter().all(|line| line["decision"] == "accepted"));
    assert_eq!((&lines[2]["files"], &lines[2]["accepted"]), (&json!(2), &json!(2)));
    // A policy takes no whole licence where it asks for an SD-JWT.
    let (code, lines) = verify("good", &["--policy", &field.place.path("policies/open-account.toml")]).await;
    assert_eq!(
        (code, &lines[0]["decision"], &lines[1]["decision"]),
        (3, &json!("accepted"), &json!("refused"))
    );
    assert_eq!(lines[1]["not_passed"], json!([["query_satisfied", "another_format"]]));

    let mut silent = field.market.draft(3, 3);
    silent.status = Statuses::None;
    let silent = field.market.issue(silent, &field.market.es256, &field.phone);
    field.place.write("unsure/a", text(field.market.licence(&field.phone, 3, 1)));
    field.place.write("unsure/b", text(silent));
    let (code, lines) = verify("unsure", &[]).await;
    assert_eq!((code, &lines[1]["decision"]), (4, &json!("cannot_tell")));
    field.place.write("unsure/c", "nonsense");
    let (code, lines) = verify("unsure", &[]).await;
    assert_eq!((code, &lines[2]["decision"], &lines[3]["refused"]), (3, &json!("refused"), &json!(1)));
    assert_eq!(verify("no-such-folder", &[]).await.0, 1);
    let broken = field.place.write("broken.toml", "id = 1");
    assert_eq!(verify("good", &["--policy", &broken]).await.0, 1);
}
