// Reads the files that a flag or a command names.

import { readFileSync, statSync } from 'node:fs';

const ADVICE = {
  ENOENT: (path) => `there is no file "${path}". Check the path.`,
  EACCES: (path) => `"${path}" cannot be read. Check its permissions.`,
  EISDIR: (path) => `"${path}" is a folder. Pass a file.`,
};

/** The content of a file, of a pipe, or of stdin if `path` is 0. Throws with what is wrong and what to do. */
export function contentOf(path) {
  try {
    return readFileSync(path);
  } catch ({ code, message }) {
    throw new Error(ADVICE[code]?.(path) ?? `${message}.`);
  }
}

/** The same without waiting: reading a pipe or a device may never end. */
export function contentNow(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && !stats.isFile() && !stats.isDirectory()) throw new Error(`"${path}" is a pipe or a device. Pass a regular file.`);
  return contentOf(path);
}
