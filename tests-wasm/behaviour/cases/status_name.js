/** statusName(number) has names for exactly these numbers. Unlike wasm, it does not convert its argument to a number first. */
export const statusNames = [
  {
    name: 'a value that is not a number has no name',
    async run(t) {
      for (const value of ['0', '', 'NS_OK', 'toString', '__proto__', null, true, false, 0n, [], {}, { valueOf: () => 0 }, Symbol('status'), () => 0, undefined]) {
        t.is(t.api.statusName(value), undefined, `the name of ${String(typeof value)}`);
      }
      t.is(t.api.statusName(), undefined, 'the name without an argument');
    },
  },
  {
    name: 'a number that matches a status only after conversion to 32 bits has no name',
    async run(t) {
      for (const number of Object.values(t.api.Status)) {
        for (const other of [number + 2 ** 32, number - 2 ** 32, number + 0.5]) t.is(t.api.statusName(other), undefined, `the name of ${other}`);
      }
      t.same([NaN, Infinity, -Infinity].map((number) => t.api.statusName(number)), [undefined, undefined, undefined]);
    },
  },
  {
    name: 'every name in Status has a 32-bit number, and statusName returns a name for that number',
    async run(t) {
      const { Status, statusName } = t.api;
      t.ok(Object.keys(Status).length >= 20, `${Object.keys(Status).length} names`);
      for (const [name, number] of Object.entries(Status)) {
        t.ok(/^NS_[A-Z_]+$/.test(name) && Number.isInteger(number) && number >= 0 && number < 2 ** 32, `${name}: ${number}`);
        t.is(Status[statusName(number)], number, `the name of ${name}'s number`);
      }
      const shared = Object.keys(Status).filter((name) => statusName(Status[name]) !== name);
      t.same(shared, ['NS_ERROR_INVALID_ARG'], 'names whose number has another name');
    },
  },
];
