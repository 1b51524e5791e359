// Web IDL's conversions, as far as these classes need them (https://webidl.spec.whatwg.org).

/** A message that names the method, as browsers have it. */
export const illegal = (method, problem) => new TypeError(`${method}: ${problem}`);

/** Throws as a method does that was given fewer arguments than it requires. */
export function requireArguments(method, given, required) {
  if (given < required) throw illegal(method, `it takes ${required}, not ${given} arguments.`);
}

/** DOMString. A symbol throws, which `String()` takes. */
export const toDOMString = (value) => `${value}`;

/** USVString: lone surrogates become U+FFFD. */
export const toUSVString = (value) => `${value}`.replace(/\p{Surrogate}/gu, '\uFFFD');

/** [Clamp] unsigned short: to the nearest whole number, to an even one from halfway. A bigint throws. */
export function toClampedShort(value) {
  const number = Math.min(Math.max(+value, 0), 65_535);
  if (Number.isNaN(number)) return 0;
  const floor = Math.floor(number);
  const rest = number - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** sequence<DOMString>, of an object whose iterator is known. */
export function toSequence(value, iterator) {
  const values = [];
  const iterable = { [Symbol.iterator]: () => iterator.call(value) };
  for (const item of iterable) values.push(toDOMString(item));
  return values;
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
  if (value === undefined || value instanceof AbortSignal) return value;
  throw illegal(method, 'signal is not an AbortSignal.');
}

/** Gives an interface's members the attributes that Web IDL demands. */
export function finishInterface(it, name, length, members) {
  for (const member of members) Object.defineProperty(it.prototype, member, { enumerable: true });
  Object.defineProperty(it, 'length', { value: length, configurable: true });
  Object.defineProperty(it.prototype, Symbol.toStringTag, { value: name, configurable: true });
  Object.defineProperty(it, 'name', { value: name, configurable: true }); // a bundler may have given it another
}
