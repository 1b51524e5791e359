//! Reads a stream as a future. (In a page, wasm-bindgen-futures would cost an executor.)

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{ByteStream, Source};
use crate::transport::settled;
use crate::transport::timer::macrotask;

impl ByteStream {
    /// Whether all of its bytes have been read; its end may not have been.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.source.left.get() == 0
    }

    /// The next bytes, at least one, as a plain array; `None` at the end. Fails if the stream fails or does not have the
    /// announced length. The user's code runs when the future is polled, not before.
    pub(crate) fn next(&self) -> impl Future<Output = Result<Option<Uint8Array>, JsValue>> + 'static {
        let source = self.source.clone();
        async move { source.next().await }
    }
}

impl Source {
    async fn next(&self) -> Result<Option<Uint8Array>, JsValue> {
        loop {
            let item = self.read()?;
            let item = JsFuture::from(settled(&item)).await?;
            let Some(chunk) = self.take(&item)? else { return Ok(None) };
            if self.yields_after(&chunk) {
                JsFuture::from(Promise::new(&mut |resolve, _| macrotask(&resolve))).await?;
            }
            if chunk.length() > 0 || self.is_over.get() {
                return Ok(Some(chunk)); // after a cancel, an empty chunk does not matter
            }
        }
    }
}
