//! Many clients of one server. Each sends the same frame, which a file contains in its wire format.
//!
//! `load PORT MODE CONNECTIONS IN_FLIGHT FILE [deflate]`, where the mode is `flood` (sends forever), `echo` (keeps IN_FLIGHT messages under way, and sends a new
//! one for each that comes back), `hear` (only reads) or `open` (each of CONNECTIONS threads opens and closes one connection after another). Prints
//! `{"ready":true}` when all are open, and runs until its standard input is closed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Barrier};
use std::thread;

pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
    let [port, mode, connections, in_flight, file, more @ ..] = arguments else {
        return Err(io::Error::other("load PORT MODE CONNECTIONS IN_FLIGHT FILE [deflate]"));
    };
    let number = |text: &String| text.parse::<usize>().map_err(io::Error::other);
    let (port, connections, in_flight) = (number(port)?, number(connections)?, number(in_flight)?);
    let frame = Arc::new(std::fs::read(file)?);
    let deflate = !more.is_empty();
    let barrier = Arc::new(Barrier::new(connections + 1));
    for _ in 0..connections {
        let (frame, barrier, mode) = (frame.clone(), barrier.clone(), mode.clone());
        thread::Builder::new().stack_size(128 * 1024).spawn(move || {
            let opened = open(port, deflate);
            barrier.wait();
            let _ = opened.and_then(|stream| talk(stream, &mode, &frame, in_flight, port)); // an error means that the server has ended
        })?;
    }
    barrier.wait();
    println!("{{\"ready\":true}}");
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

fn talk(mut stream: TcpStream, mode: &str, frame: &[u8], in_flight: usize, port: usize) -> io::Result<()> {
    match mode {
        "flood" => {
            let block = frame.repeat((256 * 1024 / frame.len()).max(1));
            loop {
                stream.write_all(&block)?;
            }
        }
        "echo" => {
            let block = frame.repeat(in_flight);
            stream.write_all(&block)?;
            let mut frames = Frames::default();
            let mut buffer = vec![0; 32 * 1024];
            loop {
                let len = read(&mut stream, &mut buffer)?;
                let back = frames.count(&buffer[..len]);
                stream.write_all(&block[..frame.len() * back])?;
            }
        }
        "open" => loop {
            // An empty close frame, masked with zeros.
            stream.write_all(&[0x88, 0x80, 0, 0, 0, 0])?;
            let mut buffer = [0; 256];
            while stream.read(&mut buffer)? > 0 {}
            stream = open(port, false)?;
        },
        _ => {
            let mut buffer = vec![0; 32 * 1024];
            loop {
                read(&mut stream, &mut buffer)?;
            }
        }
    }
}

fn open(port: usize, deflate: bool) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port as u16))?;
    stream.set_nodelay(true)?;
    let extensions = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let request = format!(
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{}Sec-WebSocket-Key: \
         dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        if deflate { extensions } else { "" }
    );
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(stream)
}

fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    match stream.read(buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        len => Ok(len),
    }
}

/// Counts a server's frames, which are shorter than 64 KiB.
#[derive(Default)]
struct Frames {
    header: Vec<u8>,
    remaining: usize,
}

impl Frames {
    /// Returns how many frames these bytes complete.
    fn count(&mut self, mut input: &[u8]) -> usize {
        let mut count = 0;
        while !input.is_empty() {
            if self.remaining > 0 {
                let len = self.remaining.min(input.len());
                self.remaining -= len;
                input = &input[len..];
            } else {
                self.header.push(input[0]);
                input = &input[1..];
                self.remaining = match self.header[..] {
                    [_, len @ 0..=125] => usize::from(len),
                    [_, 126, high, low] => usize::from(u16::from_be_bytes([high, low])),
                    _ => continue,
                };
                self.header.clear();
            }
            count += usize::from(self.remaining == 0 && self.header.is_empty());
        }
        count
    }
}
