// Web IDL's BufferSource, and Blob, for Node. What a subclass claims about itself is ignored.

import { illegal } from './idl.js';

const getterOf = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name)?.get;
const TypedArray = Object.getPrototypeOf(Uint8Array);
const typedArrayBuffer = getterOf(TypedArray.prototype, 'buffer');
const typedArrayLength = getterOf(TypedArray.prototype, 'byteLength');
const dataViewBuffer = getterOf(DataView.prototype, 'buffer');
const dataViewOffset = getterOf(DataView.prototype, 'byteOffset');
const dataViewLength = getterOf(DataView.prototype, 'byteLength');
const bufferLength = getterOf(ArrayBuffer.prototype, 'byteLength');
const sharedLength = getterOf(SharedArrayBuffer.prototype, 'byteLength');
const bufferResizable = getterOf(ArrayBuffer.prototype, 'resizable');
const tagOf = getterOf(TypedArray.prototype, Symbol.toStringTag);

/** Whether the value has what this getter reads, whatever its realm. */
function has(getter, value) {
  try {
    getter.call(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether the value is a Blob. One that merely inherits from Blob's prototype is a string to Web IDL. The getter is looked up here, because most
 * data inherits nothing from Blob, and Node loads Blob when it is first named.
 */
export const isBlob = (value) => value instanceof Blob && has(getterOf(Blob.prototype, 'size'), value);

/** A Blob's size in bytes, and a promise of its bytes. */
export const sizeOf = (blob) => getterOf(Blob.prototype, 'size').call(blob);
export const read = (blob) => Blob.prototype.arrayBuffer.call(blob);

const isArrayBuffer = (value) => has(bufferLength, value);

/** Whether the value is an ArrayBuffer or a view, of any realm. */
export const isBufferSource = (value) => typeof value === 'object' && value !== null && (ArrayBuffer.isView(value) || isArrayBuffer(value));

/** Whether the value is a SharedArrayBuffer, of any realm. `send` throws for one, as in browsers; a stream writes its string. */
export const isShared = (value) => has(sharedLength, value);

/**
 * BufferSource: the bytes of an ArrayBuffer or a view, ready to be sent. What a subclass claims about itself is ignored.
 * A detached buffer has no bytes. Shared and resizable ones throw: the interface has neither [AllowShared] nor [AllowResizable].
 */
export function toBufferSource(source, method) {
  if (!ArrayBuffer.isView(source)) return fixed(source, method) ? source : new Uint8Array();
  if (tagOf.call(source) !== undefined) return fixed(typedArrayBuffer.call(source), method) && typedArrayLength.call(source) > 0 ? source : new Uint8Array();
  return fixed(dataViewBuffer.call(source), method) && dataViewLength.call(source) > 0
    ? new Uint8Array(dataViewBuffer.call(source), dataViewOffset.call(source), dataViewLength.call(source)) : new Uint8Array();
}

/** Whether the buffer has bytes. Throws if it is shared or resizable. */
function fixed(buffer, method) {
  if (!isArrayBuffer(buffer)) throw illegal(method, 'the data is in a SharedArrayBuffer. Copy it to an ArrayBuffer.');
  if (bufferResizable?.call(buffer)) throw illegal(method, 'the data is in a resizable ArrayBuffer. Copy it to one of fixed length.');
  return bufferLength.call(buffer) > 0;
}
