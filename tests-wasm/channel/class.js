// Makes the classes that the package exports from instances of the classes that the wasm exports, as src/facade/channel.js does.

(channel, group) => {
  const [BaseChannel, BaseGroup] = [channel.constructor, group.constructor];
  const [THIS, PROBLEM] = [Symbol('this'), Symbol('problem')];
  const toSymbols = (prototype, symbols) => {
    for (const [name, symbol] of Object.entries(symbols)) {
      Object.defineProperty(prototype, symbol, Object.getOwnPropertyDescriptor(prototype, name));
      delete prototype[name];
    }
  };
  toSymbols(BaseChannel.prototype, { __this: THIS, __problem: PROBLEM, __cancel: Symbol.for('websocket-channel.cancel') });
  toSymbols(BaseGroup.prototype, { __members: Symbol.for('websocket-channel.members') });
  return {
    WebSocketChannel: class WebSocketChannel extends BaseChannel {
      constructor(options) {
        super(options);
        this[THIS] = this;
      }

      sendMsg(text) { return super.sendMsg(text) || super[PROBLEM](); }

      sendBinaryMsg(bytes) { return super.sendBinaryMsg(bytes) || super[PROBLEM](); }
    },
    LoadGroup: class LoadGroup extends BaseGroup {},
  };
};
