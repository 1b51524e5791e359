/**
 * The node:test reporter of `npm test`. It prints one line per test, failures in full, and the counts that scripts/test.js reads. A line begins with
 * `ok`, `FAILED` or `skipped`.
 */
export default async function* report(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if ((type === 'test:pass' || type === 'test:fail') && isTest(data)) yield line(type === 'test:pass', data, counts);
  }
  yield `\n${Object.entries(counts).map(([word, count]) => `${count} ${word}`).join(', ')}\n`;
}

/** Whether this is a test and not a group of tests. A group counts if it failed although none of its tests did. */
function isTest({ details, name }) {
  const isGroup = details.type === 'suite' || name.endsWith('.test.js');
  return !isGroup || (details.error && details.error.failureType !== 'subtestsFailed');
}

function line(passed, { name, details, skip, todo }, counts) {
  if (skip !== undefined || todo !== undefined) {
    counts.skipped += 1;
    return `skipped ${name}  # ${skip || todo}\n`;
  }
  counts[passed ? 'passed' : 'failed'] += 1;
  if (passed) return `ok ${name}  (${details.duration_ms.toFixed(0)} ms)\n`;
  const { cause } = details.error;
  return `FAILED ${name}  (${details.duration_ms.toFixed(0)} ms)\n${indent(String(cause?.stack ?? cause ?? details.error.message))}\n`;
}

const indent = (text) => text.replace(/^/gm, '    ');
