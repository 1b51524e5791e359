/** A page as the host of a case. Errors that no case collects (`strays`) fail the case that was running. */
export function pageHost(engine) {
  const strays = [];
  let collector = null;
  const take = (event, error) => {
    event.preventDefault();
    (collector ?? strays).push(error);
  };
  addEventListener('error', (event) => take(event, event.error ?? event.message));
  addEventListener('unhandledrejection', (event) => take(event, event.reason));
  return {
    name: 'browser',
    engine,
    strays,
    memory: () => 0,
    uncaught() {
      const errors = [];
      collector = errors;
      return { errors, stop() { collector = null; } };
    },
  };
}
