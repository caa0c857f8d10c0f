//! Maildir and Maildir++: durable delivery, listing, flags, folders.
