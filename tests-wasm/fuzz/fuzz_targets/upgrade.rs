#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| websocket_channel_fuzz::upgrade(data));
