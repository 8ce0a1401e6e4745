//! What links a holder reaches apps as the core says it.

use huizheng::HolderLink;
use wallet_core::Link;

#[test]
fn what_links_is_said_as_the_core_says_it() {
    let questions = || vec!["licence".to_owned(), "identity".to_owned()];
    let together = HolderLink::from(Link::Together { questions: questions() });
    assert_eq!(together, HolderLink::Together { questions: questions() });
    let reused = HolderLink::from(Link::Reused { question: "licence".to_owned(), others: 2 });
    assert_eq!(reused, HolderLink::Reused { question: "licence".to_owned(), others: 2 });
}
