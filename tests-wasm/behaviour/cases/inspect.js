/** What a channel reveals when it is inspected: its class and its attributes, but no internals. console_view.js tests how the console shows it. */
export const inspections = [
  {
    name: 'Object.prototype.toString returns the class name',
    async run(t) {
      const tag = (value) => Object.prototype.toString.call(value);
      t.same([tag(new t.api.WebSocketChannel()), tag(new t.api.LoadGroup())], ['[object WebSocketChannel]', '[object LoadGroup]']);
      t.same([`${new t.api.WebSocketChannel()}`, `${new t.api.LoadGroup()}`], ['[object WebSocketChannel]', '[object LoadGroup]']);
    },
  },
  ...['before asyncOpen', 'open', 'stopped'].map((when) => ({
    name: `a channel and a load group have no enumerable properties and expose no wasm internals: ${when}`,
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      let channel = new t.api.WebSocketChannel();
      if (when !== 'before asyncOpen') {
        const talk = await t.opened(t.peer('ws', '/echo'), { loadGroup });
        channel = talk.channel;
        if (when === 'stopped') {
          talk.close();
          await talk.end();
        }
      }
      for (const [name, it] of Object.entries({ channel, loadGroup })) {
        t.same(Object.keys(it), [], `keys of a ${name}`);
        const walked = [];
        for (const key in it) walked.push(key);
        t.same(walked, [], `what for…in finds in a ${name}`);
        t.is(JSON.stringify(it), '{}', `a ${name} as JSON`);
        t.same(internals(it), [], `internals that a ${name} exposes`);
      }
    },
  })),
  {
    name: 'the classes keep their names even in the minified browser build, because consoles show them',
    async run(t) {
      const { WebSocketChannel, LoadGroup, ChannelError } = t.api;
      t.same([WebSocketChannel.name, LoadGroup.name, ChannelError.name], ['WebSocketChannel', 'LoadGroup', 'ChannelError']);
    },
  },
  {
    name: 'the only static properties of the classes are the close codes and compressionMemory',
    async run(t) {
      const { WebSocketChannel, LoadGroup } = t.api;
      const statics = Object.getOwnPropertyNames(WebSocketChannel).filter((name) => !['length', 'name', 'prototype'].includes(name));
      t.ok(statics.every((name) => /^(CLOSE_[A-Z_]+|compressionMemory)$/.test(name)), `static properties: ${statics}`);
      t.same(Object.getOwnPropertyNames(LoadGroup).sort(), ['length', 'name', 'prototype']);
    },
  },
  {
    name: 'a subclass works, and shows its own name',
    async run(t) {
      class Mine extends t.api.WebSocketChannel {
        more = 5;
      }
      const channel = new Mine();
      const status = await new Promise((resolve) => channel.asyncOpen(t.peer('ws', '/close', { code: 1000 }), null, { onStop: (context, it) => resolve(it) }, null));
      t.same([t.api.statusName(status), channel.state, channel.more, channel.constructor.name], ['NS_OK', 'stopped', 5, 'Mine']);
      t.ok(channel instanceof t.api.WebSocketChannel, 'instanceof');
    },
  },
  {
    name: 'methods and attributes called on an object that is not a channel do not cause a crash',
    async run(t) {
      const { prototype } = t.api.WebSocketChannel;
      for (const name of Object.getOwnPropertyNames(prototype)) {
        if (name === 'constructor') continue;
        const { value, get } = Object.getOwnPropertyDescriptor(prototype, name);
        for (const it of [{}, Object.create(prototype), new t.api.LoadGroup(), undefined]) {
          let thrown = null;
          try {
            await (value ?? get).call(it);
          } catch (error) {
            thrown = error;
          }
          // The engine's own error, ours, or wasm-bindgen's for an object without a pointer, but not an error from inside the wasm.
          const isExpected = thrown instanceof TypeError || thrown instanceof t.api.ChannelError || thrown?.message === 'null pointer passed to rust';
          if (thrown !== null) t.ok(isExpected, `${name} on something else throws ${thrown}`);
        }
      }
      await t.roundTrip();
    },
  },
];

/** Returns wasm-bindgen's names on an object or its prototypes, and any name that begins with an underscore. A pointer that is not enumerable does not count. */
function internals(it) {
  const found = [];
  for (let at = it; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      if (key === '__wbg_ptr' && !Object.getOwnPropertyDescriptor(at, key).enumerable) continue;
      if (typeof key === 'symbol' ? key === Symbol.dispose : key === 'free' || key.startsWith('_') || key === 'ptr') found.push(String(key));
    }
  }
  return found;
}
