// Makes the classes that the package exports from instances of the classes that the wasm exports, as src/facade/channel.js does.

(channel, group) => {
  const [BaseChannel, BaseGroup] = [channel.constructor, group.constructor];
  const [THIS, THROW_SEND_ERROR] = [Symbol('this'), Symbol('throwSendError')];
  const toSymbols = (prototype, symbols) => {
    for (const [name, symbol] of Object.entries(symbols)) {
      Object.defineProperty(prototype, symbol, Object.getOwnPropertyDescriptor(prototype, name));
      delete prototype[name];
    }
  };
  toSymbols(BaseChannel.prototype, { __this: THIS, __throwSendError: THROW_SEND_ERROR, __cancel: Symbol.for('websocket-channel.cancel') });
  toSymbols(BaseGroup.prototype, { __members: Symbol.for('websocket-channel.members') });
  return {
    WebSocketChannel: class WebSocketChannel extends BaseChannel {
      constructor(options) {
        super(options);
        this[THIS] = this;
      }

      sendMsg(text) { return super.sendMsg(text) || super[THROW_SEND_ERROR](); }

      sendBinaryMsg(bytes) { return super.sendBinaryMsg(bytes) || super[THROW_SEND_ERROR](); }
    },
    LoadGroup: class LoadGroup extends BaseGroup {},
  };
};
