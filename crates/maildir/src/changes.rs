use crate::{Message, Numbered};

/// What happened to a folder between two listings: UIDs, each in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Messages that are gone.
    pub vanished: Vec<u32>,
    /// Messages that have other flags than before. Whether they are recent does not count.
    pub changed: Vec<u32>,
    /// Messages that were not there before.
    pub arrived: Vec<u32>,
}

impl Changes {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Numbered {
    /// What happened since an earlier listing; `None` if UIDs mean other messages now, so that nothing that
    /// was known of them is true any more.
    pub fn since(&self, before: &Self) -> Option<Changes> {
        if self.uid_validity != before.uid_validity {
            return None;
        }
        let mut changes = Changes::default();
        let mut old = before.messages.iter().peekable();
        for message in &self.messages {
            let is_before = |old: &&Message| old.uid < message.uid;
            while let Some(gone) = old.next_if(is_before) {
                changes.vanished.push(gone.uid);
            }
            match old.next_if(|old| old.uid == message.uid) {
                None => changes.arrived.push(message.uid),
                Some(old) if old.entry.flags() != message.entry.flags() => {
                    changes.changed.push(message.uid);
                }
                Some(_) => {}
            }
        }
        changes.vanished.extend(old.map(|gone| gone.uid));
        Some(changes)
    }
}
