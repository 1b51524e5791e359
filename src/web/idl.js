// Web IDL's conversions, as far as these classes need them (https://webidl.spec.whatwg.org).

/** A TypeError whose message names the method, as in browsers. */
export const illegal = (method, problem) => new TypeError(`${method}: ${problem}`);

/** Throws what a method throws when it gets fewer arguments than it requires. */
export function requireArguments(method, given, required) {
  if (given < required) throw illegal(method, `it requires ${required} argument${required > 1 ? 's' : ''}, but got ${given}.`);
}

/** DOMString. A symbol throws, which `String()` accepts. */
export const toDOMString = (value) => `${value}`;

/** USVString: lone surrogates become U+FFFD. */
export const toUSVString = (value) => `${value}`.replace(/\p{Surrogate}/gu, '\uFFFD');

/** [Clamp] unsigned short, which `close` takes, and in Chromium also `closeCode` (undici's is [EnforceRange]): rounds to the nearest whole number, and from halfway to the even one. A bigint throws. */
export function toClampedShort(value) {
  const number = Math.min(Math.max(+value, 0), 65_535);
  if (Number.isNaN(number)) return 0;
  const floor = Math.floor(number);
  const rest = number - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** sequence<DOMString>, of an object whose method Symbol.iterator is known. Web IDL never calls the iterator's `return`, as a loop would. */
export function toSequence(value, method) {
  const iterator = toObject(method.call(value));
  const { next } = iterator;
  const values = [];
  for (;;) {
    const step = toObject(next.call(iterator));
    if (step.done) return values;
    values.push(toDOMString(step.value));
  }
}

function toObject(value) {
  if (isObject(value)) return value;
  throw new TypeError('protocols: its iterator is not an object.');
}

/** A value as a dictionary: undefined and null have no members. */
export function toDictionary(value, method, name) {
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw illegal(method, `${name} is not an object.`);
}

export const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

/** An AbortSignal, or undefined. */
export function toSignal(value, method) {
  if (value === undefined) return value;
  try {
    Reflect.get(AbortSignal.prototype, 'aborted', value); // throws if it is not a signal of any realm
    return value;
  } catch {
    throw illegal(method, 'signal is not an AbortSignal.');
  }
}

/** Gives an interface's members the attributes that Web IDL requires. */
export function finishInterface(it, name, length, members) {
  for (const member of members) Object.defineProperty(it.prototype, member, { enumerable: true });
  Object.defineProperty(it, 'length', { value: length, configurable: true });
  Object.defineProperty(it.prototype, Symbol.toStringTag, { value: name, configurable: true });
  Object.defineProperty(it, 'name', { value: name, configurable: true }); // a bundler may have renamed it
}
