// The first dynamic import of a process starts things in Node that are not the package's.
