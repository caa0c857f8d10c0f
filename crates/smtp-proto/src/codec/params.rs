use super::{ErrorKind, Path, Result, address::scan_mailbox, fault, scan::Span, xtext};
use alloc::string::String;
use core::fmt::{self, Write};
use posta_core::Output;

/// The most ESMTP parameters that one command may have. All extensions together define fewer.
pub const MAX_PARAMS: usize = 32;

/// The ESMTP parameters of a MAIL or RCPT command, each kept as it came: an unknown one is no error.
///
/// The typed accessors say `Ok(None)` if the parameter is not there, and an error if its value is
/// malformed; the offset of such an error counts from the beginning of the command line.
#[derive(Clone, Copy, Default)]
pub struct Params<'a> {
    text: &'a str,
    /// Where in the line they begin.
    offset: usize,
}

/// One ESMTP parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// The keyword, in the case it came in.
    pub name: &'a str,
    /// What followed the `=`, if there was one.
    pub value: Option<&'a str>,
}

/// The value of BODY (RFC 6152, RFC 3030).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// `7BIT`.
    SevenBit,
    /// `8BITMIME`.
    EightBitMime,
    /// `BINARYMIME`: needs CHUNKING, and so cannot be sent with DATA.
    BinaryMime,
}

/// The value of RET (RFC 3461 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ret {
    /// A report of failure shall hold the whole message.
    Full,
    /// A report of failure shall hold the headers only.
    Headers,
}

/// The value of NOTIFY (RFC 3461 4.1). All three `false` is `NEVER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Notify {
    /// Report delivery.
    pub success: bool,
    /// Report failure.
    pub failure: bool,
    /// Report delay.
    pub delay: bool,
}

/// The value of ORCPT (RFC 3461 4.2), decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orcpt<'a> {
    /// The type of the address, such as `rfc822`.
    pub kind: &'a str,
    /// The address as the sender first wrote it: printable, not necessarily an address. ASCII, unless
    /// the type is `utf-8`; what is written `\x{..}` there stays so (RFC 6533 3).
    pub address: String,
}

impl<'a> Params<'a> {
    /// Checks parameters, separated by single spaces.
    ///
    /// # Errors
    /// One is malformed, one is there twice, or there are more than [`MAX_PARAMS`].
    pub fn new(text: &'a str) -> Result<Self> {
        if !text.is_empty() {
            scan_from(text.as_bytes(), 0)?;
        }
        Ok(Self { text, offset: 0 })
    }

    pub(crate) fn from_scan(line: &'a str, span: Span) -> Self {
        Self { text: span.of(line), offset: span.start }
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Param<'a>> {
        self.text.split(' ').filter(|text| !text.is_empty()).map(|text| {
            match text.split_once('=') {
                Some((name, value)) => Param { name, value: Some(value) },
                None => Param { name: text, value: None },
            }
        })
    }

    /// Those that this crate knows nothing of. A server that does not know one either must refuse the
    /// command with 555 5.5.4 (RFC 5321 4.1.1.11).
    pub fn unknown(self) -> impl Iterator<Item = Param<'a>> {
        const KNOWN: [&str; 8] =
            ["SIZE", "BODY", "AUTH", "SMTPUTF8", "RET", "ENVID", "NOTIFY", "ORCPT"];
        self.iter().filter(|param| !KNOWN.iter().any(|name| name.eq_ignore_ascii_case(param.name)))
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The parameters as they came.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// The parameter with this keyword, in any case.
    pub fn get(self, name: &str) -> Option<Param<'a>> {
        self.iter().find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// The declared size of the message, in octets (RFC 1870).
    ///
    /// # Errors
    /// It is no number ([`ErrorKind::Parameter`]) or does not fit ([`ErrorKind::TooLarge`]); it is never
    /// wrapped or cut.
    pub fn size(self) -> Result<Option<u64>> {
        // size-value ::= 1*20DIGIT
        self.value("SIZE", "a number of octets", |value| {
            if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
                return Err(ErrorKind::Parameter);
            }
            value.parse().map_err(|_| ErrorKind::TooLarge)
        })
    }

    /// The encoding of the body (RFC 6152).
    ///
    /// # Errors
    /// An unknown value.
    pub fn body(self) -> Result<Option<Body>> {
        self.value("BODY", "7BIT or 8BITMIME", |value| {
            [
                ("7BIT", Body::SevenBit),
                ("8BITMIME", Body::EightBitMime),
                ("BINARYMIME", Body::BinaryMime),
            ]
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(value))
            .map(|(_, body)| body)
            .ok_or(ErrorKind::Parameter)
        })
    }

    /// Who submitted the message first, decoded (RFC 4954 5): a mailbox, or empty for `<>`.
    ///
    /// # Errors
    /// It is neither.
    pub fn auth(self) -> Result<Option<String>> {
        self.value("AUTH", "<> or a mailbox in xtext", |value| {
            let plain = xtext::decode(value).ok_or(ErrorKind::Parameter)?;
            if plain == "<>" {
                return Ok(String::new());
            }
            match scan_mailbox(plain.as_bytes(), 0, ErrorKind::Parameter) {
                Ok((_, end)) if end == plain.len() => Ok(plain),
                _ => Err(ErrorKind::Parameter),
            }
        })
    }

    /// Whether addresses and headers may hold UTF-8 (RFC 6531).
    ///
    /// # Errors
    /// It has a value.
    pub fn smtputf8(self) -> Result<bool> {
        match self.get("SMTPUTF8") {
            Some(Param { value: Some(value), .. }) => {
                Err(self.fault(value, ErrorKind::Parameter, "no value"))
            }
            param => Ok(param.is_some()),
        }
    }

    /// How much of the message a report of failure shall hold.
    ///
    /// # Errors
    /// Neither `FULL` nor `HDRS`.
    pub fn ret(self) -> Result<Option<Ret>> {
        self.value("RET", "FULL or HDRS", |value| match value {
            _ if value.eq_ignore_ascii_case("FULL") => Ok(Ret::Full),
            _ if value.eq_ignore_ascii_case("HDRS") => Ok(Ret::Headers),
            _ => Err(ErrorKind::Parameter),
        })
    }

    /// The sender's name for this transaction, decoded: printable ASCII.
    ///
    /// # Errors
    /// It is not xtext, or longer than 100 characters.
    pub fn envid(self) -> Result<Option<String>> {
        self.value("ENVID", "at most 100 characters of xtext", |value| {
            xtext::decode(value).filter(|_| value.len() <= ENVID).ok_or(ErrorKind::Parameter)
        })
    }

    /// When to send reports.
    ///
    /// # Errors
    /// An unknown value, or `NEVER` among others.
    pub fn notify(self) -> Result<Option<Notify>> {
        // notify-esmtp-value  = "NEVER" / 1#notify-list-element
        // notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"
        self.value("NOTIFY", "NEVER, or SUCCESS, FAILURE, DELAY", |value| {
            let mut notify = Notify::default();
            if value.eq_ignore_ascii_case("NEVER") {
                return Ok(notify);
            }
            for word in value.split(',') {
                match word {
                    _ if word.eq_ignore_ascii_case("SUCCESS") => notify.success = true,
                    _ if word.eq_ignore_ascii_case("FAILURE") => notify.failure = true,
                    _ if word.eq_ignore_ascii_case("DELAY") => notify.delay = true,
                    _ => return Err(ErrorKind::Parameter),
                }
            }
            Ok(notify)
        })
    }

    /// The recipient as the sender first wrote it.
    ///
    /// # Errors
    /// No type, not xtext, or longer than 500 characters.
    pub fn orcpt(self) -> Result<Option<Orcpt<'a>>> {
        // original-recipient-address = addr-type ";" xtext
        self.value("ORCPT", "type;address in xtext, at most 500 characters", |value| {
            let (kind, address) = value.split_once(';').ok_or(ErrorKind::Parameter)?;
            if !is_type(kind) || "ORCPT=".len() + value.len() > ORCPT {
                return Err(ErrorKind::Parameter);
            }
            let address = match kind.eq_ignore_ascii_case("utf-8") {
                true => xtext::decode_utf8(address),
                false => xtext::decode(address),
            };
            Ok(Orcpt { kind, address: address.ok_or(ErrorKind::Parameter)? })
        })
    }

    fn value<T>(
        self,
        name: &str,
        expected: &'static str,
        read: impl Fn(&'a str) -> core::result::Result<T, ErrorKind>,
    ) -> Result<Option<T>> {
        let Some(param) = self.get(name) else { return Ok(None) };
        let (place, value) = (param.value.unwrap_or(param.name), param.value.unwrap_or_default());
        read(value).map(Some).map_err(|kind| self.fault(place, kind, expected))
    }

    /// A fault at `part`, which is a piece of our text.
    fn fault(self, part: &str, kind: ErrorKind, expected: &'static str) -> super::ParseError {
        let within = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        fault(kind, self.offset + within, expected)
    }
}

/// RFC 3461 4.4
const ENVID: usize = 100;
/// RFC 3461 4.2
const ORCPT: usize = 500;

fn is_type(kind: &str) -> bool {
    !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The place in the line does not count.
impl PartialEq for Params<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Params<'_> {}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text, f)
    }
}

/// The parameters behind a path that ended at `at`: nothing, or a space and at least one.
pub(crate) fn scan_params(line: &[u8], at: usize) -> Result<Span> {
    let end = line.len();
    match line.get(at) {
        None => Ok(Span { start: end, end }),
        Some(b' ') => {
            scan_from(line, at + 1)?;
            Ok(Span { start: at + 1, end })
        }
        Some(_) => Err(fault(ErrorKind::Argument, at, "a space or the end of the line")),
    }
}

/// ```text
/// Mail-parameters = esmtp-param *(SP esmtp-param)
/// esmtp-param     = esmtp-keyword ["=" esmtp-value]
/// esmtp-keyword   = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
/// esmtp-value     = 1*(%d33-60 / %d62-126)
/// ```
fn scan_from(line: &[u8], from: usize) -> Result<()> {
    let mut names = [&b""[..]; MAX_PARAMS];
    let mut count = 0;
    let mut at = from;
    loop {
        let n = line[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        if n == 0 || line[at] == b'-' {
            return Err(fault(ErrorKind::Parameter, at, "an ESMTP parameter"));
        }
        let name = &line[at..at + n];
        if names[..count].iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(fault(ErrorKind::Duplicate, at, "each parameter once"));
        }
        let Some(slot) = names.get_mut(count) else {
            return Err(fault(ErrorKind::Parameter, at, "at most 32 parameters"));
        };
        (*slot, count) = (name, count + 1);
        at += n;
        if line.get(at) == Some(&b'=') {
            // RFC 6531 3.6 allows UTF-8 in values; the line was checked for it as a whole.
            let value = |b: &&u8| matches!(**b, 33..=60 | 62..=126 | 0x80..);
            let n = line[at + 1..].iter().take_while(value).count();
            if n == 0 {
                return Err(fault(ErrorKind::Parameter, at + 1, "a value"));
            }
            at += 1 + n;
        }
        match line.get(at) {
            None => return Ok(()),
            Some(b' ') => at += 1,
            Some(_) => {
                return Err(fault(ErrorKind::Parameter, at, "a space or the end of the line"));
            }
        }
    }
}

/// The parameters that a client gives with MAIL. Each goes out only if the server offers its extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailParams<'a> {
    /// How many octets the message has, line ends as CRLF.
    pub size: Option<u64>,
    /// How its body is encoded. [`Body::BinaryMime`] is never sent.
    pub body: Option<Body>,
    /// Whether its addresses or headers hold UTF-8.
    pub smtputf8: bool,
    /// Who submitted it; [`Path::Null`] if that is not known.
    pub auth: Option<Path<'a>>,
    /// How much a report of failure shall hold.
    pub ret: Option<Ret>,
    /// A name for the transaction in reports: printable ASCII, at most 100 characters as xtext.
    pub envid: Option<&'a str>,
}

/// The parameters that a client gives with RCPT. They go out only if the server offers DSN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RcptParams<'a> {
    /// When to send reports.
    pub notify: Option<Notify>,
    /// The recipient as the sender first wrote it: the type, such as `rfc822`, and the address,
    /// printable ASCII; at most 500 characters as xtext.
    pub orcpt: Option<(&'a str, &'a str)>,
}

impl<'a> MailParams<'a> {
    /// Nothing but the size of the message.
    pub fn size(size: u64) -> Self {
        Self { size: Some(size), ..Self::default() }
    }

    /// Whether what is xtext on the wire can be said in it.
    pub(crate) fn is_valid(&self) -> bool {
        self.envid.is_none_or(|envid| fits(envid, ENVID)) && self.auth != Some(Path::Postmaster)
    }
}

impl RcptParams<'_> {
    pub(crate) fn is_valid(&self) -> bool {
        self.orcpt.is_none_or(|(kind, address)| {
            is_type(kind) && fits(address, ORCPT.saturating_sub("ORCPT=;".len() + kind.len()))
        })
    }
}

/// Whether `text` is printable ASCII, and at most `limit` octets as xtext.
fn fits(text: &str, limit: usize) -> bool {
    let escaped = text.bytes().filter(|b| matches!(b, b' ' | b'+' | b'=')).count();
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
        && !text.is_empty()
        && text.len() + 2 * escaped <= limit
}

pub(crate) fn write_mail(
    path: Path<'_>,
    params: &MailParams<'_>,
    offered: &super::Capabilities,
    out: &mut Output,
) -> fmt::Result {
    write!(out, "MAIL FROM:{path}")?;
    if let Some(size) = params.size.filter(|_| offered.size) {
        write!(out, " SIZE={size}")?;
    }
    if offered.eight_bit_mime {
        match params.body {
            Some(Body::SevenBit) => out.put(b" BODY=7BIT"),
            Some(Body::EightBitMime) => out.put(b" BODY=8BITMIME"),
            // RFC 3030 3: not with DATA.
            Some(Body::BinaryMime) | None => {}
        }
    }
    if params.smtputf8 && offered.smtputf8 {
        out.put(b" SMTPUTF8");
    }
    if let Some(auth) = params.auth.filter(|_| offered.auth().next().is_some()) {
        out.put(b" AUTH=");
        xtext::encode(if auth == Path::Null { "<>" } else { auth.as_str() }, out)?;
    }
    if offered.dsn {
        match params.ret {
            Some(Ret::Full) => out.put(b" RET=FULL"),
            Some(Ret::Headers) => out.put(b" RET=HDRS"),
            None => {}
        }
        if let Some(envid) = params.envid {
            out.put(b" ENVID=");
            xtext::encode(envid, out)?;
        }
    }
    out.put(b"\r\n");
    Ok(())
}

pub(crate) fn write_rcpt(
    path: Path<'_>,
    params: &RcptParams<'_>,
    offered: &super::Capabilities,
    out: &mut Output,
) -> fmt::Result {
    write!(out, "RCPT TO:{path}")?;
    if offered.dsn {
        if let Some(notify) = params.notify {
            let words =
                [(notify.success, "SUCCESS"), (notify.failure, "FAILURE"), (notify.delay, "DELAY")];
            let mut before = " NOTIFY=";
            for (_, word) in words.into_iter().filter(|(on, _)| *on) {
                write!(out, "{before}{word}")?;
                before = ",";
            }
            if notify == Notify::default() {
                out.put(b" NOTIFY=NEVER");
            }
        }
        if let Some((kind, address)) = params.orcpt {
            write!(out, " ORCPT={kind};")?;
            xtext::encode(address, out)?;
        }
    }
    out.put(b"\r\n");
    Ok(())
}
