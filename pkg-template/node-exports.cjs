// What node.mjs imports. Node searches the text of a CommonJS file that an ES module imports for the names of its exports. In node.cjs, of 150 kB,
// that would take longer than the rest of the import. In this form of assignment Node finds no names, and searches no further.
const exported = require('./node.cjs');
module.exports = exported;
