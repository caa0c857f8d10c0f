use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::sync::{Arc, Mutex, PoisonError};

/// Remembers which certificate a server has shown on one connection, which rustls tells nobody.
#[derive(Debug)]
pub(super) struct Witness {
    resolver: Arc<dyn ResolvesServerCert>,
    shown: Mutex<Option<Arc<CertifiedKey>>>,
}

impl Witness {
    pub(super) fn new(resolver: Arc<dyn ResolvesServerCert>) -> Self {
        Self { resolver, shown: Mutex::default() }
    }

    pub(super) fn shown(&self) -> Option<Arc<CertifiedKey>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Witness {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.resolver.resolve(hello);
        // A client that is asked to try again says hello twice: the last counts.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&key);
        key
    }

    fn only_raw_public_keys(&self) -> bool {
        self.resolver.only_raw_public_keys()
    }
}
