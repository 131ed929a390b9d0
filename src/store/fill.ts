// Octets on their way from the origin into slices. Any number of readers read along; each slice is
// handed on when it is whole. What fails is told to everybody who waits for it.

export interface FillSource {
  /** Octets from the position `startPos` on. */
  readonly body: AsyncIterable<Uint8Array>;
  discard(): void;
}

export interface FillOptions {
  readonly sliceOctets: number;
  /** Position of the first octet: where a slice begins. */
  readonly startPos: number;
  /** One past the last octet; undefined when only the source's end tells. */
  readonly endPos: number | undefined;
  /** Its slices can be had again one by one: the fill may stop early, and keeps only what readers are about to need. */
  readonly sliceable: boolean;
  /** Of what can't be had again, so many octets are kept for those who come later; above that, the slowest reader sets the pace. */
  readonly maxKept: number;
  /** Throws what is to be told to the readers. */
  open(): Promise<FillSource>;
  onSlice(slice: number, octets: Uint8Array): void;
  /** Called once. `whole`: all of it came, and all of it was kept or handed on. */
  onEnd(outcome: { readonly error: unknown; readonly whole: boolean; readonly octets: number }): void;
}

/** Of all fills since the start. */
export interface FillCounts {
  done: number;
  failed: number;
  /** Came from the origin. */
  octets: number;
}

export function countFill(counts: FillCounts, octets: number, error: unknown): void {
  counts.octets += octets;
  if (error === undefined) counts.done += 1;
  else counts.failed += 1;
}

/** Slices between the source and the reader that sets the pace. */
const WINDOW = 8;

interface Arriving {
  octets: Uint8Array;
  filled: number;
  whole: boolean;
}

export interface FillReader {
  /** The slice it reads. */
  slice: number;
}

/** A source that ended too early or too late. */
export class FillError extends Error {
  override readonly name = 'FillError';
}

export class Fill {
  private readonly options: FillOptions;
  private readonly kept = new Map<number, Arriving>();
  private readonly readers = new Set<FillReader>();
  private current: number;
  private state: 'running' | 'ended' | 'failed' = 'running';
  private error: unknown;
  private source: FillSource | undefined;
  private overflowed = false;
  private changed: { readonly promise: Promise<void>; readonly wake: () => void } | undefined;

  constructor(options: FillOptions) {
    this.options = options;
    this.current = options.startPos / options.sliceOctets;
  }

  start(): void {
    void this.run();
  }

  /** No more readers can join that want it from the beginning. */
  get incomplete(): boolean {
    return this.overflowed || this.state === 'failed';
  }

  /** Whether this slice is here already, or arriving. */
  has(slice: number): boolean {
    return this.kept.has(slice);
  }

  hasWhole(slice: number): boolean {
    return this.kept.get(slice)?.whole === true;
  }

  /** Whether this slice is here or will soon be. */
  comesTo(slice: number): boolean {
    const { endPos, sliceOctets } = this.options;
    if (this.kept.has(slice)) return true;
    if (this.state !== 'running' || slice < this.current || slice > this.current + WINDOW) return false;
    return endPos === undefined || slice * sliceOctets < endPos;
  }

  join(reader: FillReader): void {
    this.readers.add(reader);
  }

  leave(reader: FillReader): void {
    this.readers.delete(reader);
    this.wake();
  }

  /** A reader came to another slice. */
  moved(): void {
    this.wake();
  }

  stop(reason: Error): void {
    this.error ??= reason;
    this.source?.discard();
    if (this.state === 'running') this.state = 'failed';
    this.wake();
  }

  /**
   * The octets of one slice from offset `from` up to `to` (or the end of everything), as they come.
   * Throws the fill's error where they don't. Returns how far it came.
   */
  async *follow(slice: number, from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
    let at = from;
    while (at < to) {
      const arriving = this.kept.get(slice);
      if (arriving !== undefined && arriving.filled > at) {
        const end = Math.min(arriving.filled, to);
        yield arriving.octets.subarray(at, end);
        at = end;
      } else if (arriving?.whole === true) {
        return;
      } else if (this.state === 'failed') {
        throw this.error;
      } else if (this.state === 'ended' || slice < this.current) {
        return;
      } else {
        await this.change();
      }
    }
  }

  /** Everything from the beginning, for a reader of what has no known length. */
  async *followAll(reader: FillReader): AsyncGenerator<Uint8Array, void, undefined> {
    this.join(reader);
    try {
      for (let slice = 0; ; slice += 1) {
        reader.slice = slice;
        this.moved();
        let octets = 0;
        for await (const chunk of this.follow(slice, 0, this.options.sliceOctets)) {
          octets += chunk.byteLength;
          yield chunk;
        }
        if (octets < this.options.sliceOctets) {
          if (this.state === 'failed') throw this.error;
          return;
        }
      }
    } finally {
      this.leave(reader);
    }
  }

  private change(): Promise<void> {
    if (this.changed === undefined) {
      let wake = (): void => undefined;
      const promise = new Promise<void>((resolve) => (wake = resolve));
      this.changed = { promise, wake };
    }
    return this.changed.promise;
  }

  private wake(): void {
    const { changed } = this;
    this.changed = undefined;
    changed?.wake();
  }

  private async run(): Promise<void> {
    let octets = 0;
    let complete = false;
    try {
      this.source = await this.options.open();
      if (this.state === 'failed') throw this.error;
      complete = await this.pump(this.source, (count) => (octets += count));
      if (this.state === 'running') this.state = 'ended';
    } catch (error) {
      this.state = 'failed';
      this.error ??= error;
    } finally {
      if (!complete) this.source?.discard();
    }
    this.options.onEnd({ error: this.state === 'failed' ? this.error : undefined, whole: complete && !this.overflowed, octets });
    this.wake();
  }

  /** True when all came; false when nobody wanted the rest. */
  private async pump(source: FillSource, count: (octets: number) => void): Promise<boolean> {
    const { endPos, startPos, sliceOctets } = this.options;
    let position = startPos;
    for await (const chunk of source.body) {
      for (let at = 0; at < chunk.byteLength; ) {
        if (position === endPos) throw new FillError('the origin sent more than it announced');
        const arriving = this.arriving(position);
        const take = Math.min(chunk.byteLength - at, arriving.octets.byteLength - arriving.filled);
        arriving.octets.set(at === 0 && take === chunk.byteLength ? chunk : chunk.subarray(at, at + take), arriving.filled);
        arriving.filled += take;
        position += take;
        at += take;
        count(take);
        if (arriving.filled === arriving.octets.byteLength) {
          this.complete(arriving);
          if (position !== endPos && !(await this.pace())) return false;
        }
      }
      this.wake();
      if (this.state === 'failed') throw this.error;
    }
    if (endPos !== undefined && position !== endPos) throw new FillError(`the origin ended after ${position - startPos} of ${endPos - startPos} octets`);
    const last = this.kept.get(this.current);
    if (last?.whole === false && position % sliceOctets !== 0) {
      // A copy: a slice of a large allocation would hold all of it.
      last.octets = last.octets.slice(0, last.filled);
      this.complete(last);
    }
    return true;
  }

  /** The slice that is being filled. */
  private arriving(position: number): Arriving {
    const { endPos, sliceOctets } = this.options;
    this.current = Math.floor(position / sliceOctets);
    const known = this.kept.get(this.current);
    if (known !== undefined) return known;
    const size = endPos === undefined ? sliceOctets : Math.min(sliceOctets, endPos - this.current * sliceOctets);
    const arriving: Arriving = { octets: new Uint8Array(new ArrayBuffer(size)), filled: 0, whole: false };
    this.kept.set(this.current, arriving);
    return arriving;
  }

  private complete(arriving: Arriving): void {
    arriving.whole = true;
    if (!this.overflowed) this.options.onSlice(this.current, arriving.octets);
    this.wake();
  }

  private pacemaker(): number {
    const slices = [...this.readers].map(({ slice }) => slice);
    return this.overflowed ? Math.min(...slices) : Math.max(...slices);
  }

  /** Lets go of what nobody here needs any more, and waits until there is need for more; false: nobody wants the rest. */
  private async pace(): Promise<boolean> {
    const { sliceable, maxKept, sliceOctets } = this.options;
    if (!sliceable && (this.kept.size + 1) * sliceOctets > maxKept) this.overflowed = true;
    if (!sliceable && !this.overflowed) return true;
    for (;;) {
      if (this.state === 'failed') throw this.error;
      if (this.readers.size === 0) return false;
      const pace = this.pacemaker();
      for (const slice of this.kept.keys()) if (slice < (this.overflowed ? pace : this.current - WINDOW)) this.kept.delete(slice);
      if (this.current - pace < WINDOW) return true;
      await this.change();
    }
  }
}
