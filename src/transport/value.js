// What a value holds, read so that a subclass, a proxy or a getter that throws does no harm.

/** An object's property; undefined if there is none, or if reading it throws. */
export function property(object, name) {
  try { return Reflect.get(object, name); } catch { return undefined; }
}

/** For each object, the values of attributes that may refer back to it. If wasm held them, no collector would see that circle. */
const values = /* @__PURE__ */ new WeakMap();

export const keep = (object, name, value) => void values.set(object, { ...values.get(object), [name]: value });
/** What was kept last; otherwise null. */
export const kept = (object, name) => values.get(object)?.[name] ?? null;

// An ArrayBuffer or view is read through the built-in getters, because a subclass may have others.
const getters = (prototype, ...names) => names.map((name) => Object.getOwnPropertyDescriptor(prototype, name).get);
const TypedArray = /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype);
const typedArray = /* @__PURE__ */ getters(TypedArray, 'buffer', 'byteOffset', 'byteLength');
const dataView = /* @__PURE__ */ getters(DataView.prototype, 'buffer', 'byteOffset', 'byteLength');
const [sizeOfBuffer] = /* @__PURE__ */ getters(ArrayBuffer.prototype, 'byteLength');
/** A typed array's kind, such as 'Uint8Array'; undefined for anything else. */
export const [kind] = /* @__PURE__ */ getters(TypedArray, Symbol.toStringTag);
export const [, , byteLength] = typedArray;

/**
 * A plain Uint8Array over the same memory, or over a copy if that memory is shared or may be resized. Null if the buffer is detached or
 * too short for the view, undefined if `value` has no bytes.
 */
export function bytesOf(value) {
  let hasBytes = ArrayBuffer.isView(value);
  try {
    const isTyped = hasBytes && kind.call(value) !== undefined;
    const [buffer, offset, length] = hasBytes ? (isTyped ? typedArray : dataView).map((get) => get.call(value))
      : [value, 0, sizeOfBuffer.call(value)]; // throws if it is not an ArrayBuffer of any realm
    hasBytes = true;
    if (length === 0 && isTyped) TypedArray.keys.call(value); // throws if the view lies outside its buffer, as a DataView's getters do
    const bytes = new Uint8Array(buffer, offset, length); // throws if it is detached
    return buffer.resizable || Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]' ? bytes.slice() : bytes;
  } catch {
    return hasBytes ? null : undefined;
  }
}
