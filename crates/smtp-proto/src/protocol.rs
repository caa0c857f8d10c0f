/// Which protocol a machine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Protocol {
    /// SMTP and ESMTP (RFC 5321).
    #[default]
    Smtp,
    /// LMTP (RFC 2033): LHLO, and after a message one reply for each accepted recipient.
    Lmtp,
}
