// Bytes as printable characters and back: scripts/build.js writes the wasm so, entry.js reads it (ARCHITECTURE.md, "Sizes").

/** Whether a string, in whatever quotes, and a script in a page can hold this character from 32 to 126 as it is. */
const isPlain = (code) => !'"\'`\\<{~$'.includes(String.fromCharCode(code));
/** They begin what stands for a rarer byte. */
const [TILDE, DOLLAR] = [126, 36];

/**
 * A character for each of the common bytes, two for each of the rest, both in ascending order. Before them, as 64 hex digits, which are
 * common. gzip makes as little of it as of the bytes themselves.
 */
export function encode(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  const alphabet = Array.from({ length: 95 }, (_, index) => 32 + index).filter(isPlain).map((code) => String.fromCharCode(code));
  const size = alphabet.length;
  const common = new Set([...counts.keys()].sort((a, b) => counts[b] - counts[a]).slice(0, size));
  const [places, digits] = [[0, 0], new Array(64).fill(0)];
  const chars = counts.map((_, byte) => {
    const isCommon = common.has(byte);
    if (isCommon) digits[byte >> 2] |= 1 << (byte & 3);
    const place = places[Number(isCommon)]++;
    return isCommon ? alphabet[place] : String.fromCharCode(place < size ? TILDE : DOLLAR) + alphabet[place % size];
  });
  return digits.map((digit) => digit.toString(16)).join('') + Array.from(bytes, (byte) => chars[byte]).join('');
}

/** The bytes again. */
export function decode(text) {
  const [places, rare, common] = [[], [], []];
  for (let byte = 0; byte < 256; byte++) {
    (parseInt(text[byte >> 2], 16) >> (byte & 3) & 1 ? common : rare).push(byte);
  }
  for (let code = 32, place = 0; code < 127; code++) if (isPlain(code)) places[code] = place++;
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 64; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === TILDE || code === DOLLAR) bytes[length++] = rare[places[text.charCodeAt(++i)] + (code === TILDE ? 0 : common.length)];
    else bytes[length++] = common[places[code]];
  }
  return bytes.subarray(0, length);
}
