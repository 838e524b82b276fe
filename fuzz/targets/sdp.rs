//! `sdp` of `tests/fuzz/targets.rs` under a fuzzer.

#![no_main]

#[path = "../../tests/fuzz/targets.rs"]
#[allow(dead_code, reason = "one target of many")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::sdp_offer_and_answer(data));
