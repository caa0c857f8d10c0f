//! See Cargo.toml.
#![no_std]

use imap_proto as _;
use imf_message as _;
use linked_list_allocator::LockedHeap;
use pop3_proto as _;
use posta_core as _;
use posta_sasl as _;
use smtp_proto as _;

#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
