/// What is wrong with a text that had to follow the grammar exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not one address of RFC 5322 3.4.
    #[error("not a valid address")]
    Address,
    /// Not a date of RFC 5322 3.3, nor an obsolete one of 4.3.
    #[error("not a valid date")]
    Date,
}

/// What the caller asked to be written cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A field name may only have the visible ASCII characters without the colon, at most 76 of them.
    #[error("not a field name")]
    Name,
    /// The value has a CR, a LF or a NUL: it could end the field and start another.
    #[error("a line end or a NUL in a field value")]
    Injection,
    /// No place to fold keeps the line within 998 octets.
    #[error("a line longer than 998 octets")]
    TooLong,
    /// The local part or the domain cannot stand in an address.
    #[error("not an address that can be written")]
    Address,
    /// Not the inside of a message identifier: `left@right` without white space or brackets.
    #[error("not a message identifier")]
    MessageId,
    /// Not `type/subtype`, or a multipart or message type where only a leaf can be.
    #[error("not a content type for a leaf part")]
    ContentType,
    /// A date outside of the years 1900 to 9999.
    #[error("a date that RFC 5322 cannot write")]
    Date,
    /// RFC 5322 3.6: From and Date are required.
    #[error("From or Date is missing")]
    Missing,
    /// Not a status code of RFC 3463, or a report without a recipient.
    #[error("not a delivery status")]
    Status,
}
