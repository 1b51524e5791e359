/** Constructs a channel, and then another, even if the first constructor call throws. Prints what is thrown, and returns whether both calls succeeded. */
export function firstChannel({ WebSocketChannel, ChannelError, Status }, print) {
  const attempts = ['first', 'second'].map((which) => {
    try {
      new WebSocketChannel();
      return true;
    } catch (error) {
      const known = error instanceof ChannelError && error instanceof Error && error.result === Status[error.name];
      print(JSON.stringify(['thrown', which, known, error.name, error.message]));
      return false;
    }
  });
  return attempts.every(Boolean);
}
