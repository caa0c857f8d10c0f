//! Internet messages and MIME: scan without copying, edit byte-exact, build.
#![cfg_attr(not(feature = "std"), no_std)]
