//! A second DEFLATE decoder (RFC 1951), slow and simple, to check the first one. It records the longest distance of a match.

/// The result of inflating some compressed bytes.
#[derive(Default)]
pub(crate) struct Inflated {
    pub(crate) out: Vec<u8>,
    /// The bytes are not a DEFLATE stream.
    pub(crate) invalid: bool,
    /// `out` went past the cap, and decoding stopped.
    pub(crate) overflowed: bool,
    /// The longest distance that a match reached back.
    pub(crate) farthest: usize,
    /// All bits were read and the last block has ended.
    pub(crate) between_blocks: bool,
    /// And it was a final one.
    pub(crate) between_streams: bool,
}

enum Halt {
    More,
    Invalid,
    Overflow,
}

struct Bits<'a> {
    input: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Result<usize, Halt> {
        if self.at + count > self.input.len() * 8 {
            return Err(Halt::More);
        }
        let bit = |at: usize| usize::from(self.input[at / 8] >> (at % 8) & 1);
        let value = (0..count).map(|index| bit(self.at + index) << index).sum();
        self.at += count;
        Ok(value)
    }

    fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}

/// A canonical Huffman code.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    /// Returns the code with these lengths, and how many codes are left over. That is negative if there are too many.
    fn new(lengths: &[usize]) -> (Self, isize) {
        let mut counts = [0; 16];
        lengths.iter().for_each(|length| counts[*length] += 1);
        let mut left = 1;
        for count in &counts[1..] {
            left = left * 2 - *count as isize;
            if left < 0 {
                break;
            }
        }
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|symbol| lengths[*symbol] > 0).collect();
        symbols.sort_by_key(|symbol| lengths[*symbol]);
        (Self { counts, symbols }, left)
    }

    fn longest(&self) -> usize {
        (1..16).rev().find(|length| self.counts[*length] > 0).unwrap_or(0)
    }

    fn read(&self, bits: &mut Bits<'_>) -> Result<usize, Halt> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for length in 1..=self.longest().max(1) {
            code |= bits.take(1)?;
            let count = self.counts[length];
            if code < first + count {
                return Ok(self.symbols[index + code - first]);
            }
            index += count;
            first = (first + count) * 2;
            code *= 2;
        }
        Err(Halt::Invalid)
    }
}

const LENGTHS: [(usize, usize); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
const DISTANCES: [(usize, usize); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Inflates all of `input`, one stream after another, to at most `cap` bytes and a few more. With `takeover`, a stream may refer to those
/// before it (RFC 7692 §7.2.2).
pub(crate) fn inflate(input: &[u8], cap: usize, takeover: bool) -> Inflated {
    let (mut result, mut bits, mut start, mut was_final) = (Inflated::default(), Bits { input, at: 0 }, 0, false);
    loop {
        result.between_blocks = bits.at == input.len() * 8;
        result.between_streams = result.between_blocks && was_final;
        match block(&mut bits, &mut result, start, cap) {
            Ok(false) => was_final = false,
            Ok(true) => {
                was_final = true;
                bits.align();
                start = if takeover { 0 } else { result.out.len() }; // after a final block, a new stream follows
            }
            Err(halt) => {
                result.invalid = matches!(halt, Halt::Invalid);
                result.overflowed = matches!(halt, Halt::Overflow);
                return result;
            }
        }
    }
}

/// Inflates one block. Returns whether it was a final one.
fn block(bits: &mut Bits<'_>, result: &mut Inflated, start: usize, cap: usize) -> Result<bool, Halt> {
    let head = bits.take(3)?;
    match head >> 1 {
        0 => stored(bits, result, cap)?,
        1 => {
            let lengths: Vec<usize> = (0..288)
                .map(|symbol| {
                    if symbol < 144 {
                        8
                    } else if symbol < 256 {
                        9
                    } else if symbol < 280 {
                        7
                    } else {
                        8
                    }
                })
                .collect();
            codes(bits, result, start, cap, &Code::new(&lengths).0, &Code::new(&[5; 32]).0)?;
        }
        2 => {
            let (lengths, distances) = dynamic(bits)?;
            codes(bits, result, start, cap, &lengths, &distances)?;
        }
        _ => return Err(Halt::Invalid),
    }
    Ok(head & 1 == 1)
}

fn stored(bits: &mut Bits<'_>, result: &mut Inflated, cap: usize) -> Result<(), Halt> {
    bits.align();
    let both = bits.take(32)?;
    let len = both & 0xFFFF;
    if len != !(both >> 16) & 0xFFFF {
        return Err(Halt::Invalid);
    }
    for _ in 0..len {
        result.out.push(bits.take(8)? as u8);
        if result.out.len() > cap {
            return Err(Halt::Overflow);
        }
    }
    Ok(())
}

fn codes(
    bits: &mut Bits<'_>,
    result: &mut Inflated,
    start: usize,
    cap: usize,
    lengths: &Code,
    distances: &Code,
) -> Result<(), Halt> {
    loop {
        match lengths.read(bits)? {
            literal @ 0..=255 => result.out.push(literal as u8),
            256 => return Ok(()),
            symbol => {
                let (base, extra) = *LENGTHS.get(symbol - 257).ok_or(Halt::Invalid)?;
                let length = base + bits.take(extra)?;
                let (base, extra) = *DISTANCES.get(distances.read(bits)?).ok_or(Halt::Invalid)?;
                let distance = base + bits.take(extra)?;
                if distance > result.out.len() - start {
                    return Err(Halt::Invalid);
                }
                result.farthest = result.farthest.max(distance);
                for _ in 0..length {
                    result.out.push(result.out[result.out.len() - distance]);
                }
            }
        }
        if result.out.len() > cap {
            return Err(Halt::Overflow);
        }
    }
}

fn dynamic(bits: &mut Bits<'_>) -> Result<(Code, Code), Halt> {
    let counts = bits.take(14)?;
    let (literals, distances, codes) = ((counts & 31) + 257, (counts >> 5 & 31) + 1, (counts >> 10) + 4);
    if literals > 286 || distances > 30 {
        return Err(Halt::Invalid);
    }
    let mut lengths = [0; 19];
    for position in &ORDER[..codes] {
        lengths[*position] = bits.take(3)?;
    }
    if lengths == [0; 19] {
        (0..literals + distances).try_for_each(|_| bits.take(1).map(drop))?; // zlib reads a code without symbols as zeros
        return Err(Halt::Invalid);
    }
    let (code, left) = Code::new(&lengths);
    if left != 0 {
        return Err(Halt::Invalid);
    }
    let mut lengths: Vec<usize> = Vec::new();
    while lengths.len() < literals + distances {
        let symbol = code.read(bits)?;
        let (length, repeat) = match symbol {
            0..=15 => (symbol, 1),
            16 => {
                let repeat = 3 + bits.take(2)?;
                (*lengths.last().ok_or(Halt::Invalid)?, repeat)
            }
            17 => (0, 3 + bits.take(3)?),
            _ => (0, 11 + bits.take(7)?),
        };
        lengths.extend(std::iter::repeat_n(length, repeat));
    }
    if lengths.len() > literals + distances || lengths[256] == 0 {
        return Err(Halt::Invalid);
    }
    let half = |lengths: &[usize]| {
        let (code, left) = Code::new(lengths);
        // An incomplete code is allowed only if it has a single code of one bit, or no codes.
        if left < 0 || (left > 0 && code.longest() > 1) { Err(Halt::Invalid) } else { Ok(code) }
    };
    Ok((half(&lengths[..literals])?, half(&lengths[literals..])?))
}
