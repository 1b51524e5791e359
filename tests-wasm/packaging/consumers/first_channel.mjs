/** Makes the first channel, and a second one after the first failed. Prints what is thrown; answers whether nothing was. */
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
