use posta_net::{Stream, tls};
use posta_sasl::{BindingKind, ChannelBinding, Secret};

/// The connection that a login goes over. The default is one in the clear.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    pub(crate) tls: bool,
    /// What the login can be bound by, the best first.
    pub(crate) bindings: Vec<ChannelBinding>,
}

impl Channel {
    /// What is known of a stream. To be asked again when TLS has started on it.
    pub fn of<T>(stream: &Stream<T>) -> Self {
        let tls::Bindings { exporter, server_end_point } = stream.bindings();
        // RFC 9266 3: `tls-exporter` is the default; `tls-server-end-point` is for TLS 1.2.
        let exporter = exporter.map(|data| (BindingKind::TlsExporter, data.to_vec()));
        let end_point = server_end_point.map(|data| (BindingKind::TlsServerEndPoint, data));
        let bindings = exporter.into_iter().chain(end_point);
        Self {
            tls: stream.tls().is_some(),
            bindings: bindings
                .map(|(kind, data)| ChannelBinding { kind, data: Secret::from(data) })
                .collect(),
        }
    }

    /// Whether it is encrypted.
    pub fn is_tls(&self) -> bool {
        self.tls
    }
}
