#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| posta_fuzz::run("queue", data));
