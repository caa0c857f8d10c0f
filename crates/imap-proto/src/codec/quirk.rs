//! What is tolerated of a server.

macro_rules! quirks {
    ($($(#[$doc:meta])* $field:ident $name:ident;)*) => {
        /// What is tolerated of a server; nothing by default. Each of them has been seen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
        pub struct Quirks {
            $($(#[$doc])* pub $field: bool,)*
        }

        /// A tolerance that was needed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Quirk {
            $($(#[$doc])* $name,)*
        }

        impl Quirks {
            /// Everything is tolerated.
            pub const fn all() -> Self {
                Self { $($field: true,)* }
            }

            pub(crate) fn has(&self, quirk: Quirk) -> bool {
                match quirk {
                    $(Quirk::$name => self.$field,)*
                }
            }

            pub(crate) fn set(&mut self, quirk: Quirk) {
                match quirk {
                    $(Quirk::$name => self.$field = true,)*
                }
            }

            /// The first that is here and not there.
            pub(crate) fn first_not_in(&self, there: &Self) -> Option<Quirk> {
                $(if self.$field && !there.$field {
                    return Some(Quirk::$name);
                })*
                None
            }
        }
    };
}

quirks! {
    /// A status without text, not even the space before it: `a1 OK`, `* OK [UIDNEXT 4]`.
    missing_text MissingText;
    /// Two spaces for one, or one before a parenthesis or at the end of a line.
    spaces Spaces;
    /// Sizes and counts below zero, which are read as 0.
    negative_numbers NegativeNumber;
    /// NIL for a string or a number that must be there; read as empty or 0.
    nil_values NilValue;
    /// `()` for a list that must be NIL if it is empty, and a multipart body without parts.
    empty_lists EmptyList;
    /// Octets in a quoted string that are not UTF-8.
    eight_bit EightBit;
    /// A backslash in a quoted string before anything but itself and a quote; it stands for itself.
    escapes Escapes;
    /// A continuation without its space: `+`.
    bare_plus BarePlus;
    /// A response that cannot be read; handed over as its octets.
    unreadable Unreadable;
}
