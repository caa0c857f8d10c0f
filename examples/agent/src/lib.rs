//! What the agents share: configuration files, TLS files, logs, graceful stop.
