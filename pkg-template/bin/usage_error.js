export const USAGE_ERROR = 2;

/** The command line is not valid. The message says why. */
export class UsageError extends Error {}
