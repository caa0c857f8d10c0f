//! Drivers for posta's machines: tokio and blocking std, TLS by rustls, DNS over UDP and TCP.
