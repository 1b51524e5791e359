// wasm-bindgen makes a TextDecoder and a TextEncoder when its glue is evaluated, and jsdom has neither, so importing the package would
// throw. esbuild injects these classes in their place. They make the host's own when they are first used.

export class TextDecoder {
  #args;
  #real;

  constructor(...args) {
    this.#args = args;
  }

  /** Without bytes there is nothing to decode: the glue calls it once when it is evaluated. */
  decode(bytes) {
    if (bytes === undefined) return '';
    this.#real ??= new globalThis.TextDecoder(...this.#args);
    return this.#real.decode(bytes);
  }
}

export class TextEncoder {
  #real;

  encode(text) {
    return this.#host().encode(text);
  }

  encodeInto(text, bytes) {
    return this.#host().encodeInto(text, bytes);
  }

  #host() {
    return this.#real ??= new globalThis.TextEncoder();
  }
}
