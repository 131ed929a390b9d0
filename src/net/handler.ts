// One shape for every server's layers: a layer wraps a handler and gives a handler.

export type Layer<H> = (next: H) => H;

/** The first layer sees a request first and its answer last. */
export function compose<H>(layers: readonly Layer<H>[], handler: H): H {
  return layers.reduceRight((next, layer) => layer(next), handler);
}

/** A value now, or later; a handler that knows its answer never waits for a microtask. */
export type Eventual<T> = T | Promise<T>;
