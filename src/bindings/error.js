/** What this package throws: `name` is the NS_ERROR name, `result` its number, `message` says what to do. */
export class ChannelError extends Error {
  constructor(name, result, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.result = result;
  }
}

const NAMES = {
  0x80004001: 'NS_ERROR_NOT_IMPLEMENTED',
  0x80070057: 'NS_ERROR_INVALID_ARG',
  0x804b000a: 'NS_ERROR_MALFORMED_URI',
  0x804b000c: 'NS_ERROR_NOT_CONNECTED',
  0x804b0049: 'NS_ERROR_ALREADY_OPENED',
  0xc1f30001: 'NS_ERROR_NOT_INITIALIZED',
};

/** A refusal by its number. Rust throws it so: the names are longer than the rest. */
export const refused = (result, message, cause) => new ChannelError(NAMES[result], result, message, cause);

export const invalid = (message, cause) => refused(0x80070057, message, cause);

export const malformed = (message, cause) => refused(0x804b000a, message, cause);

export const notImplemented = (message) => refused(0x80004001, message);

export const notOpened = () => refused(0x804b000c, 'This channel is not opened yet: call asyncOpen first.');
