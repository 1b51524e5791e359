// The first dynamic import in a process starts things in Node that have nothing to do with the package.
