// Prints which files of the package can be required besides its entry.
for (const path of ['package.json', 'node.cjs', 'browser.mjs', 'index.d.mts']) {
  try {
    console.log(JSON.stringify([path, require(`websocket-channel/${path}`).name]));
  } catch (error) {
    console.log(JSON.stringify([path, error.code]));
  }
}
