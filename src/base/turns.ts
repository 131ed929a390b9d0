// Work that must not overlap: one piece after the other, in the order in which it was asked for.

/** Runs work, which never rejects, when all before it has ended; resolves when it is done. */
export type InTurn = (work: () => Promise<void>) => Promise<void>;

export function createTurns(): InTurn {
  let queue: Promise<void> = Promise.resolve();
  return (work) => (queue = queue.then(work));
}

/** `work` in its turn. What is asked for again before it has begun is the same piece: however many ask, one runs and one waits. */
export function joinWaiting(inTurn: InTurn, work: () => Promise<void>): () => Promise<void> {
  let waiting: Promise<void> | undefined;
  return () =>
    (waiting ??= inTurn(() => {
      waiting = undefined;
      return work();
    }));
}
