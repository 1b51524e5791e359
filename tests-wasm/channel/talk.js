// A listener that records its calls.

/** Longer than any test should take, and short enough that the failure is reported before the test runner gives up after 20 s. */
const DEADLINE = 4_000;

class Recorder {
  /** Each call as one string: its name, and its arguments except the context and the detail. */
  calls = [];
  /** onStop's third argument. */
  detail = null;
  /** Functions to run inside calls, by the name of the call. Each runs once. */
  reactions = {};
  context = { about: 'the context' };
  #waiting = [];

  onStart(...args) { this.#note('onStart', args); }
  onMessageAvailable(...args) { this.#note('onMessageAvailable', args); }
  onBinaryMessageAvailable(...args) { this.#note('onBinaryMessageAvailable', args); }
  onAcknowledge(...args) { this.#note('onAcknowledge', args); }
  onServerClose(...args) { this.#note('onServerClose', args); }
  onStop(context, status, detail) {
    this.detail = detail;
    this.#note('onStop', [context, status]);
  }

  /** Resolves in a separate task, once the call of this name has happened. */
  until(name) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${name}, but [${this.calls.join(', ')}]`)), DEADLINE);
      const look = () => {
        if (!this.calls.some((call) => call.split(' ')[0] === name)) return false;
        clearTimeout(timer);
        setTimeout(resolve);
        return true;
      };
      if (!look()) this.#waiting.push(look);
    });
  }

  #note(name, [context, ...args]) {
    const problem = context === this.context ? [] : ['with another context'];
    this.calls.push([name, ...args, ...problem].join(' '));
    const reaction = this.reactions[name];
    delete this.reactions[name];
    reaction?.();
    this.#waiting = this.#waiting.filter((look) => !look());
  }
}

Recorder;
