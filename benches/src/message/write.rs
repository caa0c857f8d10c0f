//! Messages built, and edited.

use super::data::parts;
use crate::harness::{Bench, Case, Contender, Goal};
use imf_message::{Attachment, Builder, Date, Edit, Header, Mailbox, Message};
use lettre::message as lettre;
use std::{
    hint::black_box,
    rc::Rc,
    time::{Duration, UNIX_EPOCH},
};

const SECONDS: u32 = 1_770_000_000;
const TEXT: &str = "Du thé à quatre heures, et du gâteau.\r\n";
const HTML: &str = "<p>Du thé à quatre heures, et du <b>gâteau</b>.</p>\r\n";

pub(super) fn benches() -> [Bench; 4] {
    [
        Bench::new("message built, file of 8 KiB", || build(8 << 10)),
        Bench::new("message built, file of 1 MiB", || build(1 << 20)),
        Bench::new("message written as it was read, file of 1 MiB", round_trip),
        Bench::new("message edited, file of 1 MiB", edit),
    ]
}

/// What is compared is that the octets of the file are in it, encoded.
fn build(file: usize) -> Case {
    let octets: Rc<[u8]> = (0..file).map(|n| (n * 31 % 251) as u8).collect();
    let (second, third) = (Rc::clone(&octets), Rc::clone(&octets));
    let ours = Contender::ours(move || {
        let message = Builder::new()
            .from(Mailbox::new("ana", "a.org").named("Ana"))
            .to(Mailbox::new("bea", "b.com").named("Béa"))
            .date(Date::new(i64::from(SECONDS), 0))
            .message_id("1@a.org")
            .subject("Thé à quatre heures ?")
            .text(TEXT)
            .html(HTML)
            .attach(Attachment::new("tea.pdf", "application/pdf", octets.to_vec()))
            .build(1);
        enough(&message.expect("a message"), octets.len())
    });
    let mail_builder = Contender::peer("mail-builder 2.0.1", 1.0, move || {
        let message = mail_builder::MessageBuilder::new()
            .from(("Ana", "ana@a.org"))
            .to(("Béa", "bea@b.com"))
            .date(i64::from(SECONDS))
            .message_id("1@a.org")
            .subject("Thé à quatre heures ?")
            .text_body(TEXT)
            .html_body(HTML)
            .attachment("application/pdf", "tea.pdf", &second[..])
            .write_to_vec();
        enough(&message.expect("a message"), second.len())
    });
    let lettre = Contender::peer("lettre 0.11.23", 1.0, move || {
        let pdf = lettre::header::ContentType::parse("application/pdf").expect("a type");
        let texts = lettre::MultiPart::alternative_plain_html(TEXT.to_owned(), HTML.to_owned());
        let file = lettre::Attachment::new("tea.pdf".to_owned()).body(third.to_vec(), pdf);
        let message = lettre::Message::builder()
            .from("Ana <ana@a.org>".parse().expect("a mailbox"))
            .to("Béa <bea@b.com>".parse().expect("a mailbox"))
            .date(UNIX_EPOCH + Duration::from_secs(u64::from(SECONDS)))
            .message_id(Some("<1@a.org>".to_owned()))
            .subject("Thé à quatre heures ?")
            .multipart(lettre::MultiPart::mixed().multipart(texts).singlepart(file))
            .expect("a message");
        enough(&message.formatted(), third.len())
    });
    Case { octets: file, goal: Goal::default(), ours, peers: vec![mail_builder, lettre] }
}

fn enough(message: &[u8], file: usize) -> u64 {
    u64::from(black_box(message).len() > file * 4 / 3)
}

/// No peer writes what it has read.
fn round_trip() -> Case {
    let bytes = parts(1 << 20);
    let octets = bytes.len();
    let ours = Contender::ours(move || {
        let message = Message::new(&bytes);
        u64::from(Edit::new(&message).to_vec() == bytes)
    });
    Case { octets, goal: Goal::default(), ours, peers: Vec::new() }
}

/// A server's trace in front, a field away, another in its place; written in slices. No peer does this.
fn edit() -> Case {
    let bytes = parts(1 << 20);
    let octets = bytes.len();
    let ours = Contender::ours(move || {
        let message = Message::new(&bytes);
        let mut edit = Edit::new(&message);
        edit.prepend(&Header::text("X-Seen", "mx1.b.com").expect("a field"));
        edit.remove("X-Mailer");
        edit.replace(&Header::text("Subject", "Tea at five").expect("a field"));
        let written: usize = edit.slices().map(<[u8]>::len).sum();
        u64::from(written > 1 << 20)
    });
    Case { octets, goal: Goal::default(), ours, peers: Vec::new() }
}
