//! Any bytes as `openai`.

#![no_main]

use axia_conversation::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| axia_fuzz::check_reader(Some(Format::OpenAi), data));
