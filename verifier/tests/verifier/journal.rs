//! The journal of decisions with no network: what it holds, what it finds later, and that nothing is looked at twice.

use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::catalogue::Catalogue;
use protocol::offline::{Binding, one_way_nonce};
use registry::{LightClient, Status};
use service::clock;
use verifier::Verdict;
use verifier::offline::journal::{Journal, JournalError};
use verifier::offline::{OfflineDecision, Question, Register};

use crate::offline::{CLIENT, Field, NONCE, not_passed};

const KEY: [u8; 32] = [7; 32];

fn open(path: &Path) -> Journal {
    Journal::open(path, &KEY).unwrap()
}

impl Field {
    fn journal(&self) -> PathBuf {
        self.network.dir.path().join("journal")
    }

    /// Shows a licence at this entry by its staples, and notes what is decided.
    async fn noted(
        &self,
        journal: &mut Journal,
        index: u32,
        binding: &Binding,
        nonce: &str,
    ) -> OfflineDecision {
        let card = self.market.licence(&self.phone, 3, index);
        let answer = self.answer(self.shown(&card, nonce, CLIENT, 0), nonce, self.staples(index).await);
        let question = Question {
            query: &self.query,
            client_id: CLIENT,
            binding,
            policy: None,
            max_age: Duration::from_secs(86_400),
            now: clock::now(),
        };
        let register = Register::from(LightClient::new(self.network.anchor.clone()));
        journal.decide(&answer, question, Catalogue::bundled().unwrap(), &register).unwrap()
    }
}

fn challenge() -> Binding {
    Binding::Challenge(NONCE.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_since_is_flagged_and_nothing_is_looked_at_twice() {
    let field = Field::new().await;
    let path = field.journal();
    let mut journal = open(&path);
    for index in [1, 2, 3] {
        let decision = field.noted(&mut journal, index, &challenge(), NONCE).await;
        assert_eq!(decision.decision, Verdict::Accepted);
    }
    // A refusal is noted, and is no news later.
    field.market.set(&field.network, 4, Status::Revoked).await;
    assert_eq!(field.noted(&mut journal, 4, &challenge(), NONCE).await.decision, Verdict::Refused);
    let claims = field.market.draft(3, 1).claims;
    let bytes = std::fs::read(&path).unwrap();
    for value in ["name", "creditCode"].map(|name| claims[name].as_str().unwrap()) {
        assert!(!bytes.windows(value.len()).any(|at| at == value.as_bytes()));
        assert!(!format!("{:?}", journal.noted().collect::<Vec<_>>()).contains(value), "no claim at all");
    }
    let first = journal.noted().next().unwrap().decided.clone();
    assert_eq!(first.credentials[0].status.as_ref().unwrap().1, 1);
    assert_eq!(first.credentials[0].issuer.as_ref(), Some(&field.market.did));

    field.market.set(&field.network, 2, Status::Revoked).await;
    field.market.set(&field.network, 3, Status::Suspended).await;
    drop(journal);
    let mut journal = open(&path);
    assert_eq!(journal.pending().count(), 4);
    let found = journal.recheck(&field.network.client).await.unwrap();
    let flags: Vec<Vec<&str>> =
        found.looked_at.iter().map(|one| one.flags.iter().map(|flag| flag.code.as_str()).collect()).collect();
    assert_eq!((flags, found.left), (vec![vec![], vec!["revoked"], vec!["suspended"], vec![]], 0));
    let again = journal.recheck(&field.network.client).await.unwrap();
    assert_eq!((again.looked_at.len(), again.left), (0, 0), "each once");

    // What is decided after is looked at later; what was found before stays as it was found.
    field.noted(&mut journal, 1, &challenge(), NONCE).await;
    field.market.set(&field.network, 1, Status::Revoked).await;
    let later = journal.recheck(&field.network.client).await.unwrap();
    assert_eq!(later.looked_at.iter().map(|one| one.entry).collect::<Vec<_>>(), [9]);
    drop(journal);
    let journal = open(&path);
    let flagged = journal.noted().filter(|noted| !noted.rechecked.unwrap().flags.is_empty());
    assert_eq!(flagged.map(|noted| noted.number).collect::<Vec<_>>(), [2, 3, 9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_is_killed_each_decision_has_one_second_look_in_the_end() {
    let field = Field::new().await;
    let path = field.journal();
    let mut journal = open(&path);
    for index in [1, 2] {
        field.noted(&mut journal, index, &challenge(), NONCE).await;
    }
    field.market.set(&field.network, 2, Status::Revoked).await;
    let before = std::fs::metadata(&path).unwrap().len() as usize;
    journal.recheck(&field.network.client).await.unwrap();
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    // As far as the disk had come when the process was killed.
    for cut in (before..=whole.len()).step_by(29).chain([whole.len() - 1, whole.len()]) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let mut journal = open(&path);
        let pending = journal.pending().count();
        let found = journal.recheck(&field.network.client).await.unwrap();
        assert_eq!((found.looked_at.len(), found.left), (pending, 0), "{cut}");
        drop(journal);
        let journal = open(&path);
        let codes: Vec<usize> = journal.noted().map(|noted| noted.rechecked.unwrap().flags.len()).collect();
        assert_eq!(codes, [0, 1], "{cut}");
        assert_eq!(journal.pending().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_chain_what_is_left_is_left() {
    let field = Field::new().await;
    let mut journal = open(&field.journal());
    field.noted(&mut journal, 1, &challenge(), NONCE).await;
    let away = service::NodeClient::new(service::NodeConfig {
        timeout: Duration::from_millis(300),
        ..service::NodeConfig::new("http://127.0.0.1:9", field.network.anchor.clone())
    });
    let found = journal.recheck(&away).await.unwrap();
    assert_eq!((found.looked_at.len(), found.left), (0, 1));
    assert_eq!(journal.recheck(&field.network.client).await.unwrap().looked_at.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_way_code_counts_once_even_after_a_restart() {
    let field = Field::new().await;
    let path = field.journal();
    let gate = Binding::Place("gate-3".into());
    let (first, second) = (one_way_nonce("gate-3", [7; 16]), one_way_nonce("gate-3", [8; 16]));
    let mut journal = open(&path);
    assert_eq!(field.noted(&mut journal, 1, &gate, &first).await.decision, Verdict::Accepted);
    let again = field.noted(&mut journal, 1, &gate, &first).await;
    assert_eq!((again.decision, not_passed(&again)), (Verdict::Refused, vec![("nonce", "nonce_used")]));
    assert!(again.claims.is_empty());
    drop(journal);
    let mut journal = open(&path);
    assert_eq!(field.noted(&mut journal, 1, &gate, &first).await.decision, Verdict::Refused);
    assert_eq!(field.noted(&mut journal, 1, &gate, &second).await.decision, Verdict::Accepted);
    // A challenge is the counter's own, to be shown again as often as it likes.
    for _ in 0..2 {
        assert_eq!(field.noted(&mut journal, 1, &challenge(), NONCE).await.decision, Verdict::Accepted);
    }
    assert!(matches!(Journal::open(&path, &KEY), Err(JournalError::Busy)));
}
