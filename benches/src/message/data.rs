//! The messages: generated, the same every time.

use crate::data::body;
use imf_message::encode_base64;

const HEADER: &str = "Received: from mx.a.org (mx.a.org [192.0.2.1]) by mx1.b.com with ESMTPS id 4XyZ1\r\n\
    \tfor <bea@b.com>; Mon, 2 Feb 2026 10:00:02 +0000\r\n\
    Message-ID: <20260202.1@a.org>\r\nIn-Reply-To: <20260201.7@b.com>\r\n\
    References: <20260131.4@a.org>\r\n <20260201.7@b.com>\r\n\
    Date: Mon, 2 Feb 2026 11:00:00 +0100\r\nFrom: Ana <ana@a.org>\r\n\
    To: Bea <bea@b.com>, \"Tea, the club\" <tea@b.com>\r\nCc: friends: bea@b.com, ana@a.org;\r\n\
    MIME-Version: 1.0\r\nList-Id: tea <tea.b.com>\r\nX-Mailer: kettle 1.0\r\n";

const ENCODED: &str = "Subject: =?UTF-8?Q?Th=C3=A9_=C3=A0_quatre_heures?=\r\n \
    =?UTF-8?B?LCBvdSBwbHVzIHRhcmQg4piV?= =?ISO-8859-1?Q?caf=E9?=\r\n\
    Comments: =?UTF-8?Q?apport=C3=A9_par?= =?UTF-8?Q?_B=C3=A9a?=\r\n\
    Keywords: =?UTF-8?Q?th=C3=A9?=, =?UTF-8?Q?g=C3=A2teau?=\r\n";

const PLAIN: &str = "Subject: Tea at four\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n";

/// Small messages of all kinds: plain, with 8 bits, with encoded words, of several parts.
pub(super) fn set() -> Vec<Vec<u8>> {
    vec![
        plain(1 << 10),
        [HEADER, PLAIN, "Come for tea.\r\n"].concat().into_bytes(),
        [
            HEADER,
            "Subject: Tea at four\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n",
            &"Du thé à quatre heures, et du gâteau.\r\n".repeat(30),
        ]
        .concat()
        .into_bytes(),
        [HEADER, ENCODED, "Content-Type: text/plain\r\n\r\nCome for tea.\r\n"]
            .concat()
            .into_bytes(),
        parts(2 << 10),
    ]
}

/// A plain message of about so many octets.
pub(super) fn plain(octets: usize) -> Vec<u8> {
    let head = [HEADER, PLAIN].concat();
    let text = body(octets.saturating_sub(head.len()));
    [head.as_bytes(), &text].concat()
}

/// A text twice, as plain text and as HTML, and a file of so many octets.
pub(super) fn parts(file: usize) -> Vec<u8> {
    let octets: Vec<u8> = (0..file).map(|n| (n * 31 % 251) as u8).collect();
    let text = "Du th=C3=A9 =C3=A0 quatre heures,=\r\n et du g=C3=A2teau.\r\n".repeat(8);
    [
        HEADER,
        ENCODED,
        "Content-Type: multipart/mixed; boundary=\"mixed\"\r\n\r\n--mixed\r\n\
         Content-Type: multipart/alternative; boundary=\"alternative\"\r\n\r\n--alternative\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        &text,
        "\r\n--alternative\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>",
        &text,
        "\r\n--alternative--\r\n\r\n--mixed\r\n\
         Content-Type: application/pdf; name=tea.pdf\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename*0*=UTF-8''th%C3%A9; filename*1=.pdf\r\n\r\n",
        &encode_base64(&octets),
        "\r\n--mixed--\r\n",
    ]
    .concat()
    .into_bytes()
}
