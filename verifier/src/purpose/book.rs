//! The policies that hold now, and those that open requests were asked by.

use std::sync::{Arc, PoisonError, RwLock};

use registry::Slug;

use super::query::Purpose;

/// So many former policies are kept: a request is judged by what it was asked by, or not at all.
const FORMER: usize = 256;

/// The policies of one verifier. Replaced as a whole.
pub(crate) struct Policies(RwLock<Arc<Book>>);

#[derive(Default)]
struct Book {
    current: Vec<Arc<Purpose>>,
    former: Vec<Arc<Purpose>>,
    /// Why the newest files are not in force, if they are not.
    fault: Option<String>,
}

impl Policies {
    pub(crate) fn new(purposes: Vec<Purpose>) -> Self {
        let current = purposes.into_iter().map(Arc::new).collect();
        Self(RwLock::new(Arc::new(Book { current, ..Book::default() })))
    }

    /// Those that hold now, in their order.
    pub(crate) fn all(&self) -> Vec<Arc<Purpose>> {
        self.book().current.clone()
    }

    /// The one that holds now.
    pub(crate) fn current(&self, id: &Slug) -> Option<Arc<Purpose>> {
        self.book().current.iter().find(|purpose| purpose.id == *id).cloned()
    }

    /// A version of one, whether it still holds or not.
    pub(crate) fn version(&self, id: &Slug, version: &str) -> Option<Arc<Purpose>> {
        let book = self.book();
        let mut all = book.current.iter().chain(&book.former);
        all.find(|purpose| purpose.id == *id && purpose.version == version).cloned()
    }

    /// Why the newest files are not in force; none if they are.
    pub(crate) fn fault(&self) -> Option<String> {
        self.book().fault.clone()
    }

    /// Puts these in force.
    pub(crate) fn replace(&self, purposes: Vec<Purpose>) {
        let before = self.book();
        let mut former = before.current.clone();
        former.extend(before.former.iter().cloned());
        former.truncate(FORMER);
        let current = purposes.into_iter().map(Arc::new).collect();
        self.put(Book { current, former, fault: None });
    }

    /// Notes that the newest files can't be used. What holds goes on.
    pub(crate) fn blame(&self, fault: String) {
        let before = self.book();
        let (current, former) = (before.current.clone(), before.former.clone());
        self.put(Book { current, former, fault: Some(fault) });
    }

    fn book(&self) -> Arc<Book> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, book: Book) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
    }
}
