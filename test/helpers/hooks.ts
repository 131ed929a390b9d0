// For every test: a promise nobody waited for and that failed is a failure of the test it fell into.

process.on('unhandledRejection', (reason) => {
  throw reason instanceof Error ? reason : new Error(`unhandled rejection: ${String(reason)}`);
});
