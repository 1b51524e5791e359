//! A socket that is only memory.

use std::hint::black_box;
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much a socket hands out at once. Our Node transport also reads and writes this much at once.
pub const CHUNK: usize = 64 * 1024;

/// One end of a connection to a peer that sends the same frames over and over. It never waits and never fails.
pub struct Wire {
    frames: Vec<u8>,
    /// How many bytes of them were read in this round.
    pub at: usize,
    /// What was written to it, if it keeps that.
    pub written: Option<Vec<u8>>,
}

impl Wire {
    pub fn new(frames: Vec<u8>) -> Self {
        Self { frames, at: 0, written: None }
    }

    /// Keeps what is written.
    pub fn keeping() -> Self {
        Self { written: Some(Vec::new()), ..Self::new(Vec::new()) }
    }

    fn next(&mut self, most: usize) -> &[u8] {
        let rest = &self.frames[self.at..];
        let next = &rest[..rest.len().min(most).min(CHUNK)];
        self.at = (self.at + next.len()) % self.frames.len();
        next
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let next = self.next(into.len());
        into[..next.len()].copy_from_slice(next);
        Ok(next.len())
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.written {
            Some(written) => written.extend_from_slice(bytes),
            None => _ = black_box(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context, into: &mut ReadBuf) -> Poll<io::Result<()>> {
        into.put_slice(self.next(into.remaining()));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, _: &mut Context, parts: &[IoSlice]) -> Poll<io::Result<usize>> {
        Poll::Ready(parts.iter().map(|part| self.write(part)).sum())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
