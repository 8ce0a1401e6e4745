//! The explorer's pages: every one answers in both languages, and search leads somewhere.

use registry::{Action, LegalBasis, LocalText, PurposeDraft, Slug, Status, StatusChange, UnixMillis};

use crate::fixture::{create, governance, list, transaction};
use crate::running::{Running, node, node_with};

const NAME: &str = "Hefei Market Supervision";

async fn page(running: &Running, path: &str, lang: &str) -> (u16, String) {
    let request = running.client.get(running.url(path)).header("accept", "text/html,*/*");
    let answer = request.header("accept-language", lang).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn shown(running: &Running, path: &str) -> String {
    let (status, zh) = page(running, path, "zh-CN").await;
    assert_eq!(status, 200, "{path}");
    assert!(zh.contains("lang=\"zh-Hans\"") || path.starts_with("/live"), "{path}");
    page(running, path, "en").await.1
}

/// A chain with something of every kind on it.
async fn town() -> (Running, registry::Did) {
    let running = node().await;
    let (did, first) = create(1);
    running.done(&first).await;
    let text = |zh: &str, en: &str| LocalText::new(zh, en);
    let kind = Slug::new("business-licence").unwrap();
    let accredit = Action::Accredit {
        did: did.clone(),
        credential_type: kind.clone(),
        issuer_name: text("合肥市市场监督管理局", NAME),
        valid_from: UnixMillis(0),
        valid_until: None,
    };
    running.done(&governance(0, accredit)).await;
    let schema = Action::RegisterSchema {
        credential_type: kind.clone(),
        name: text("营业执照", "Business licence"),
        digest: registry::Hash32::of(b"schema"),
        url: "https://example.org/schema".into(),
    };
    running.done(&governance(1, schema)).await;
    let asks = vec![registry::Ask { credential_type: kind, claims: vec!["creditCode".into()] }];
    let purpose = PurposeDraft {
        did: did.clone(),
        purpose: Slug::new("open-account").unwrap(),
        verifier_name: text("合肥市市场监督管理局", NAME),
        purpose_name: text("开户", "Opening <an> account"),
        legal_basis: LegalBasis::Consent,
        legal_text: text("第十三条", "Article 13"),
        asks,
        retention_days: 30,
        valid_from: UnixMillis(0),
        valid_until: None,
    };
    running.done(&governance(2, Action::RegisterPurpose(purpose))).await;
    running.done(&transaction(&did, 1, 1, list(0))).await;
    let changes = [(5, Status::Revoked), (6, Status::Suspended), (7, Status::Revoked)];
    let changes = changes.map(|(index, status)| StatusChange { index, status }).to_vec();
    running.done(&transaction(&did, 1, 2, Action::StatusUpdate { number: 0, changes })).await;
    (running, did)
}

#[tokio::test]
async fn every_page_says_what_the_chain_says() {
    let (running, did) = town().await;
    let organisation = format!("/organisations/{did}");
    let record = format!("/records/trust/{did}/business-licence");
    let absent = format!("/records/trust/{did}/digital-id");
    let pages: [(&str, &[&str]); 15] = [
        ("/", &[NAME, "Validators", "2</strong> of these 3 departments"]),
        ("/live/overview", &[NAME]),
        ("/blocks", &["Blocks 7 to 1", "Nothing to decide"]),
        ("/blocks?from=nonsense", &["Blocks 7 to 1"]),
        ("/live/blocks", &["Blocks 7 to 1"]),
        ("/blocks/3", &["Governance (2 of 3) accredited", NAME, "Business licence</a>, from"]),
        ("/blocks/7/0", &["2 revoked, 1 suspended", "Final"]),
        ("/organisations", &[NAME, "Issue"]),
        (
            &organisation,
            &[NAME, "#key-1", "Opening &lt;an&gt; account", "Opened status list 0", "creditCode"],
        ),
        ("/types", &["Business licence", NAME]),
        ("/types/business-licence", &["Holds", "https://example.org/schema"]),
        ("/verifiers", &["Opening &lt;an&gt; account", "The holder agrees", "30 days"]),
        ("/status-lists", &[NAME, "131,072"]),
        (&record, &["issuerName&quot;", "bytes: the record"]),
        (&absent, &["Nothing stands here"]),
    ];
    for (path, expected) in pages {
        let text = shown(&running, path).await;
        for expected in expected {
            assert!(text.contains(expected), "{path} does not say {expected:?}:\n{text}");
        }
    }
}

#[tokio::test]
async fn only_a_demonstration_says_that_everybody_is_made_up() {
    for demonstration in [false, true] {
        let running = node_with(|config| chain::NodeConfig { demonstration, ..config }).await;
        for (lang, words) in [("zh-CN", "均为虚构"), ("en", "is invented")] {
            let (_, page) = page(&running, "/", lang).await;
            assert_eq!(page.contains(words), demonstration, "{lang}: {page}");
        }
    }
}

#[tokio::test]
async fn search_leads_somewhere_always() {
    let (running, did) = town().await;
    let tip = running.node.ledger().tip();
    let (hash, id) = (create(1).1.hash(), tip.header.id());
    let tail = did.to_string();
    let tail = &tail[tail.len() - 6..];
    let organisation = format!("/organisations/{did}");
    let searches = [
        ("market%20super", organisation.clone()),
        ("%E5%B8%82%E5%9C%BA", organisation.clone()),
        (tail, organisation.clone()),
        (&did.to_string(), organisation.clone()),
        (&format!("{did}%23key-1"), format!("{organisation}#keys")),
        ("business-licence", "/types/business-licence".into()),
        ("Business%20Licence", "/types/business-licence".into()),
        ("%233", "/blocks/3".into()),
        (&hash.to_string(), "/blocks/2/0".into()),
        (&id.to_string(), format!("/blocks/{}", tip.header.height)),
        ("governance", "/records/governance".into()),
        (&tip.header.chain_id.to_string(), "/".into()),
    ];
    for (query, expected) in searches {
        let answer = running.get(&format!("/search?q={query}")).await;
        assert_eq!(
            answer.headers().get("location").map(|to| to.to_str().unwrap()),
            Some(&*expected),
            "{query}"
        );
    }
    let zeros = "0".repeat(64);
    for query in ["", "nobody", "999999999", &zeros, "did:hui:anhui:z1", "%00%EF%BF%BD", "<script>"] {
        let text = shown(&running, &format!("/search?q={query}")).await;
        assert!(text.contains("What you can search for") && !text.contains("<script>al"), "{query}");
    }
    let answer = running.get(&format!("/transactions/{hash}")).await;
    assert_eq!(answer.headers()["location"], "/blocks/2/0");
    // What is no text was typed by nobody.
    assert_eq!(running.get("/search?q=%00%FF").await.status(), 400);
}

#[tokio::test]
async fn addresses_that_lead_nowhere_say_so() {
    let (running, _) = town().await;
    for path in [
        "/blocks/0",
        "/blocks/x",
        "/blocks/99",
        "/blocks/2/9",
        "/blocks/2/x",
        "/transactions/x",
        "/organisations/did:hui:anhui:z1",
        "/types/nothing",
        "/records/nonsense",
        "/nowhere",
    ] {
        let (status, text) = page(&running, path, "en").await;
        assert_eq!(status, 404, "{path}");
        assert!(text.contains("<html"), "{path} answers a browser with a page");
    }
    assert_eq!(page(&running, "/organisations?after=x", "en").await.0, 400);
}
