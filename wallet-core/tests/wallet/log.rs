//! The log: found, deleted by age, and made into a complaint.

use std::time::Duration;

use registry::UnixMillis;
use wallet_core::{Event, LogQuery};

use crate::town::{Ask, Holder};

async fn busy() -> Holder {
    let (holder, _) = Holder::new().await.with_licence().await;
    holder.town.clock.advance(Duration::from_secs(60));
    holder.present_first(Ask::licence()).await.unwrap();
    let consent = holder.review(Ask::licence()).await.unwrap();
    holder.wallet.decline(&consent.id).await.unwrap();
    holder.town.clock.advance(Duration::from_secs(60));
    holder.review(Ask::licence_claims(&["address"])).await.unwrap_err();
    holder
}

#[tokio::test]
async fn entries_are_found_by_what_they_say_and_when() {
    let holder = busy().await;
    let found = |query: LogQuery| holder.wallet.search_log(&query, None, 10).unwrap().len();
    let text = |text: &str| LogQuery { text: Some(text.to_owned()), ..LogQuery::default() };
    assert_eq!(found(LogQuery::default()), 4);
    assert_eq!(found(text("HEFEI EXAMPLE")), 3);
    assert_eq!(found(text("合肥示例银行")), 3);
    assert_eq!(found(text("统一社会信用代码")), 1, "a label of what left");
    assert_eq!(found(text("nothing like it")), 0);
    assert_eq!(found(LogQuery { shared_only: true, ..LogQuery::default() }), 1);
    let verifier = Some(holder.town.verifier.did.clone());
    assert_eq!(found(LogQuery { verifier, ..LogQuery::default() }), 3);
    let card = Some(holder.wallet.cards().unwrap()[0].id.clone());
    assert_eq!(found(LogQuery { card, ..LogQuery::default() }), 2);
    let now = UnixMillis(holder.town.clock.millis());
    assert_eq!(found(LogQuery { from: Some(now), ..LogQuery::default() }), 1);
    assert_eq!(found(LogQuery { until: Some(now), ..LogQuery::default() }), 3);
    let newest = holder.wallet.search_log(&text("hefei"), None, 1).unwrap().remove(0);
    let older = holder.wallet.search_log(&text("hefei example"), Some(&newest.id), 10).unwrap();
    assert_eq!(older.len(), 2);

    assert_eq!(holder.wallet.delete_log_before(now).await.unwrap(), 3);
    assert_eq!(holder.wallet.log(None, 10).unwrap().len(), 1);
}

#[tokio::test]
async fn a_complaint_names_who_when_and_which_claims_and_no_value() {
    let holder = busy().await;
    let card = holder.wallet.cards().unwrap().remove(0);
    for entry in holder.wallet.log(None, 10).unwrap() {
        let draft = holder.wallet.draft_complaint(&entry.id).unwrap();
        let Some(draft) = draft else {
            assert!(matches!(entry.event, Event::Received { .. }));
            continue;
        };
        assert!(draft.subject.zh.contains("合肥示例银行") && draft.subject.en.contains("Hefei example bank"));
        for text in [&draft.body.zh, &draft.body.en] {
            assert!(text.contains("(UTC+8)") && text.contains(&entry.id), "{text}");
            for claim in card.claims.iter().filter_map(|claim| claim.value.as_str()) {
                assert!(!text.contains(claim), "a value stands in a complaint");
            }
        }
        match entry.event {
            Event::Presented { .. } => {
                assert!(draft.body.zh.contains("统一社会信用代码") && draft.body.en.contains("30 days"));
            }
            Event::Refused { .. } => {
                assert!(draft.body.zh.contains("超出") && draft.body.en.contains("Too much: address"));
            }
            _ => {}
        }
    }
    assert_eq!(holder.wallet.draft_complaint("none").unwrap(), None);
}

#[tokio::test]
async fn nobody_is_accused_of_what_nobody_did_or_another_may_have_done() {
    let draft = async |holder: &Holder, ask: Ask| {
        holder.review(ask).await.unwrap_err();
        let entry = holder.wallet.log(None, 1).unwrap().remove(0);
        holder.wallet.draft_complaint(&entry.id).unwrap()
    };
    let holder = Holder::new().await;
    assert_eq!(draft(&holder, Ask::licence()).await, None, "no card fits");
    assert_eq!(draft(&holder, Ask { expires: -600, ..Ask::licence() }).await, None, "too old");
    holder.town.detour("https://bank.example/request", Err(wallet_core::ports::HttpError::Unreachable));
    assert_eq!(draft(&holder, Ask::licence()).await, None, "the network was away");
    holder.town.detours.lock().unwrap().clear();

    let forged = draft(&holder, Ask { forged: true, ..Ask::licence() }).await.unwrap();
    assert!(forged.body.zh.contains("自称") && forged.body.en.contains("somebody who called itself"));
    assert!(forged.body.en.contains(&holder.town.verifier.did.to_string()));
    let transaction_data = vec!["eyJ0eXBlIjoieCIsImNyZWRlbnRpYWxfaWRzIjpbImxpY2VuY2UiXX0".to_owned()];
    let beyond = draft(&holder, Ask { transaction_data, ..Ask::licence() }).await;
    assert_eq!(beyond, None, "what this wallet can't do");
    let greedy = draft(&holder, Ask::licence_claims(&["address"])).await.unwrap();
    assert!(!greedy.body.en.contains("called itself"), "who signed it is known");
}

#[tokio::test]
async fn what_was_deleted_is_told_by_no_evidence_either() {
    let (holder, card) = Holder::new().await.with_licence().await;
    let tells = |holder: &Holder, who: &registry::Did| {
        holder.wallet.export().unwrap()["evidence"].to_string().contains(&who.to_string())
    };
    let (bank, issuer) = (holder.town.verifier.did.clone(), holder.town.issuer.did.clone());
    let consent = holder.review(Ask::licence()).await.unwrap();
    holder.wallet.decline(&consent.id).await.unwrap();
    holder.wallet.refresh().await.unwrap();
    assert!(tells(&holder, &bank) && tells(&holder, &issuer), "at hand while it is fresh");
    let entry = holder.wallet.log(None, 1).unwrap().remove(0);
    assert!(holder.wallet.delete_log_entry(&entry.id).await.unwrap());
    assert!(!tells(&holder, &bank) && tells(&holder, &issuer));
    assert_eq!(holder.wallet.cards().unwrap()[0].state.id(), "valid");

    // What lies about for long goes by itself.
    holder.review(Ask::licence()).await.unwrap();
    assert!(tells(&holder, &bank));
    holder.town.clock.advance(std::time::Duration::from_secs(30 * 86_400));
    holder.wallet.refresh().await.unwrap();
    assert!(!tells(&holder, &bank) && tells(&holder, &issuer));
    assert!(holder.wallet.delete_card(&card.id).await.unwrap());
    assert!(!tells(&holder, &issuer));
}

#[tokio::test]
async fn pages_are_the_log_however_far_apart_its_entries_are() {
    let holder = busy().await;
    // Writes that leave no entry, more than one page looks through at once.
    for _ in 0..400 {
        assert!(!holder.wallet.delete_log_entry("00000000000000000000").await.unwrap());
    }
    let consent = holder.review(Ask::licence()).await.unwrap();
    holder.wallet.decline(&consent.id).await.unwrap();

    let whole = holder.wallet.log(None, usize::MAX).unwrap();
    assert_eq!(whole.len(), 5);
    assert!(whole.windows(2).all(|pair| pair[0].id > pair[1].id));
    for size in 1..=6 {
        let mut paged = Vec::new();
        loop {
            let before = paged.last().map(|last: &wallet_core::LogEntry| last.id.clone());
            let page = holder.wallet.log(before.as_deref(), size).unwrap();
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, whole, "pages of {size}");
    }
    let deleted = holder.wallet.delete_log_entry(&whole[2].id).await.unwrap();
    assert!(deleted && holder.wallet.log(Some(&whole[1].id), 1).unwrap() == [whole[3].clone()]);
    for none in ["", "none", "-1", "99999999999999999999999"] {
        assert!(holder.wallet.log(Some(none), 10).unwrap().is_empty(), "{none}");
    }
    assert!(holder.wallet.log(Some("0"), 10).unwrap().is_empty());
    assert!(holder.wallet.log(None, 0).unwrap().is_empty());
}
