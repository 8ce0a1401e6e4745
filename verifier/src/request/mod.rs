//! Requests: asked once, answered at most once, forgotten after a while.

mod desk;
mod memory;
mod news;
mod object;
mod record;
mod tidy;

pub(crate) use desk::{AnswerError, Desk, Found, Wish};
pub(crate) use memory::Memory;
pub(crate) use news::Follower;
pub(crate) use object::{response_uri, signed};
pub(crate) use record::{Manner, Outcome, Request, RequestId};
pub(crate) use tidy::{Tidier, forget_open};
