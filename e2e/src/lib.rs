//! Whole stories, in process, over real HTTP.
