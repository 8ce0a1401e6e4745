//! What the services share: configuration, problem+json, pages, telemetry, bind and shutdown.

pub mod assets;
pub mod client;
pub mod clock;
pub mod config;
pub mod dates;
pub mod extract;
pub mod i18n;
pub mod lang;
pub mod layers;
pub mod node;
pub mod oauth;
pub mod outbound;
pub mod problem;
pub mod qr;
pub mod random;
pub mod rate;
pub mod request_id;
pub mod server;
pub mod session;
pub mod sse;
pub mod telemetry;
pub mod ui;

pub use client::Clients;
pub use i18n::{Strings, Texts};
pub use lang::Lang;
pub use layers::Layers;
pub use node::{NodeClient, NodeConfig};
pub use oauth::OAuthError;
pub use problem::Problem;
pub use rate::RateLimiter;
pub use server::{Running, Server};
pub use session::{Session, Sessions};
