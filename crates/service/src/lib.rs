//! What the services share: configuration, problem+json, pages, telemetry, bind and shutdown.
