//! Any bytes, with the format to be found.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| axia_fuzz::check_reader(None, data));
