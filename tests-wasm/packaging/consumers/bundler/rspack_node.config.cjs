// Rspack's command line has no --target.
module.exports = { mode: 'production', target: 'node', entry: './src/node.mjs' };
