//! Compresses and inflates one message at a time. The contexts are made once and reset, as on a connection without context takeover.

use std::cell::RefCell;

use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush};
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

struct Bench {
    message: Vec<u8>,
    compressed: Vec<u8>,
    out: Vec<u8>,
    zlib_deflate: Deflate,
    zlib_inflate: Inflate,
    miniz_deflate: CompressorOxide,
    miniz_inflate: Box<InflateState>,
}

thread_local! { static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) } }

/// Makes room for a message of `len` bytes. Returns its address.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(len: usize, level: i32) -> *const u8 {
    let flags = create_comp_flags_from_zip_params(level, -15, 0);
    let bench = Bench {
        message: vec![0; len],
        compressed: Vec::new(),
        out: vec![0; len * 2 + 1024],
        zlib_deflate: Deflate::new(level, false, 15),
        zlib_inflate: Inflate::new(false, 15),
        miniz_deflate: CompressorOxide::new(flags),
        miniz_inflate: InflateState::new_boxed(DataFormat::Raw),
    };
    let address = bench.message.as_ptr();
    BENCH.set(Some(bench));
    address
}

/// Compresses with zlib-rs. Returns the compressed size.
#[unsafe(no_mangle)]
pub extern "C" fn zlib_deflate() -> usize {
    BENCH.with_borrow_mut(|bench| {
        let bench = bench.as_mut().unwrap();
        bench.zlib_deflate.reset();
        let _ = bench.zlib_deflate.compress(&bench.message, &mut bench.out, DeflateFlush::SyncFlush);
        let len = bench.zlib_deflate.total_out() as usize;
        if bench.compressed.is_empty() {
            bench.compressed = bench.out[..len].to_vec();
        }
        len
    })
}

/// Compresses with miniz_oxide. Returns the compressed size.
#[unsafe(no_mangle)]
pub extern "C" fn miniz_deflate() -> usize {
    BENCH.with_borrow_mut(|bench| {
        let bench = bench.as_mut().unwrap();
        bench.miniz_deflate.reset();
        compress(&mut bench.miniz_deflate, &bench.message, &mut bench.out, TDEFLFlush::Sync).2
    })
}

/// Inflates with zlib-rs what zlib-rs compressed first. Returns the inflated size.
#[unsafe(no_mangle)]
pub extern "C" fn zlib_inflate() -> usize {
    BENCH.with_borrow_mut(|bench| {
        let bench = bench.as_mut().unwrap();
        bench.zlib_inflate.reset(false);
        let _ = bench.zlib_inflate.decompress(&bench.compressed, &mut bench.out, InflateFlush::SyncFlush);
        bench.zlib_inflate.total_out() as usize
    })
}

/// The same with miniz_oxide.
#[unsafe(no_mangle)]
pub extern "C" fn miniz_inflate() -> usize {
    BENCH.with_borrow_mut(|bench| {
        let bench = bench.as_mut().unwrap();
        bench.miniz_inflate.reset(DataFormat::Raw);
        inflate(&mut bench.miniz_inflate, &bench.compressed, &mut bench.out, MZFlush::Sync).bytes_written
    })
}
