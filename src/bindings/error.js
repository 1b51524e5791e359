/** What this package throws: `name` is the NS_ERROR name, `result` its number, `message` says what to do. */
export class ChannelError extends Error {
  constructor(name, result, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name;
    this.result = result;
  }
}
