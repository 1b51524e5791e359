//! Two peers. `/echo` sends every frame back unmasked, and otherwise unchanged. It never looks into a payload, so
//! compression costs it nothing either: the stream of a client's compressor, sent back complete and in order, is also a
//! valid stream of a server. `/sink` counts the bytes that arrive, and prints `{"sunk":N}` at the end of the connection.
//!
//! With the argument `load`, it plays many clients instead (`load.rs`).
//!
//! Prints `{"port":N}` and runs until its standard input is closed. It agrees on compression if the path contains `deflate`.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

mod load;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, rest @ ..] = &arguments[..]
        && mode == "load"
    {
        return load::run(rest);
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{{\"port\":{}}}", listener.local_addr()?.port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream)); // an error means that the client has ended
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 256 * 1024];
    if upgrade(&mut stream, &mut buffer)?.starts_with("/sink") {
        return sink(stream, &mut buffer);
    }
    let (mut frames, mut out) = (Frames::default(), Vec::new());
    loop {
        let len = stream.read(&mut buffer)?;
        if len == 0 {
            return Ok(());
        }
        out.clear();
        frames.echo(&buffer[..len], &mut out);
        stream.write_all(&out)?;
    }
}

fn sink(mut stream: TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    let mut sunk = 0;
    while let Ok(len @ 1..) = stream.read(buffer) {
        sunk += len;
    }
    // The reader may be gone.
    let _ = writeln!(io::stdout(), "{{\"sunk\":{sunk}}}");
    Ok(())
}

/// Answers the upgrade request, and returns its path. A client sends nothing after the request until it has the response.
fn upgrade(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<String> {
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => filled += len,
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        if !request.parse(&buffer[..filled]).map_err(io::Error::other)?.is_complete() {
            continue;
        }
        let path = request.path.unwrap_or_default().to_owned();
        let deflate = path.contains("deflate");
        let key = headers.iter().find(|header| header.name.eq_ignore_ascii_case("sec-websocket-key"));
        let key = key.ok_or_else(|| io::Error::other("no key"))?.value;
        let digest = Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
        let extension = if deflate { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
        write!(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extension}\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            BASE64_STANDARD.encode(digest)
        )?;
        return Ok(path);
    }
}

/// The position in the client's frames at which the bytes so far have ended.
#[derive(Default)]
struct Frames {
    /// The part of a header that has arrived.
    header: Vec<u8>,
    /// How much of the payload after it is still to come. The key is rotated so that it begins with the next byte's.
    remaining: usize,
    key: [u8; 4],
}

impl Frames {
    fn echo(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            if self.remaining == 0 {
                input = self.read_header(input, out);
                continue;
            }
            let (piece, rest) = input.split_at(self.remaining.min(input.len()));
            let start = out.len();
            out.extend_from_slice(piece);
            let [a, b, c, d] = self.key;
            let wide = [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d];
            for block in out[start..].chunks_mut(wide.len()) {
                block.iter_mut().zip(wide).for_each(|(byte, key)| *byte ^= key);
            }
            self.key.rotate_left(piece.len() % 4);
            self.remaining -= piece.len();
            input = rest;
        }
    }

    /// Takes the header's next byte. If it was the last, writes the header as a server does.
    fn read_header<'a>(&mut self, input: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let (byte, rest) = input.split_at(1);
        self.header.extend_from_slice(byte);
        let Some(second) = self.header.get(1) else { return rest };
        let (short, size) = match second & 0x7F {
            126 => (None, 2),
            127 => (None, 8),
            len => (Some(usize::from(len)), 0),
        };
        if let Some(key) = self.header.get(2 + size..6 + size) {
            self.key.copy_from_slice(key);
            let extended = &self.header[2..2 + size];
            self.remaining = short.unwrap_or_else(|| extended.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)));
            self.header.truncate(2 + size);
            self.header[1] &= 0x7F;
            out.append(&mut self.header);
        }
        rest
    }
}
