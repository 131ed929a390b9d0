// Work that waits its turn: so much at a time, the rest in the order in which it came.

export interface Turns {
  /** Resolves, or rejects, as the work does. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way, or waiting. */
  settled(): Promise<void>;
}

export function createTurns(atATime: number): Turns {
  const waiting: (() => void)[] = [];
  let head = 0;
  let underWay = 0;
  const idle: (() => void)[] = [];

  const next = (): void => {
    const begin = waiting[head];
    if (begin) {
      head += 1;
      // What has begun leaves the list now and then: not one at a time, which would move all others each time.
      if (head > 1024 && head * 2 > waiting.length) {
        waiting.splice(0, head);
        head = 0;
      }
      begin();
      return;
    }
    underWay -= 1;
    if (underWay > 0) return;
    for (const done of idle.splice(0)) done();
  };
  return {
    run: async (work) => {
      if (underWay < atATime) underWay += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        next();
      }
    },
    settled: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
}
