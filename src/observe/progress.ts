// How far a transfer is. Who transfers tells; who draws decides how it looks.

export interface TransferStart {
  /** What arrives, as transcripts name it: "video1". */
  readonly label: string;
  /** undefined when the sender doesn't say. */
  readonly totalBytes: number | undefined;
}

/** Who sends: an address and a port. */
export interface Sender {
  readonly address: string;
  readonly port: number;
}

export interface TransferProgress {
  /** `bytes` more have arrived, over this one of several connections. */
  advance(bytes: number, lane?: number, from?: Sender): void;
  /** So many are here from before: they count for how far it is, not for how fast. */
  resume(bytes: number): void;
  /** Over this connection comes now this part of the whole, both ends inclusive; `lastPos` undefined: to the end. */
  range(lane: number, firstPos: number, lastPos: number | undefined, from: Sender): void;
  /** Called once, last. */
  end(outcome: 'complete' | 'failed'): void;
}

/** What is done before anything arrives. */
export interface Preparation {
  /** "asking local DNS 127.0.0.1:40722: A? file1.hiscinema.com". */
  doing(what: string): void;
  end(): void;
}

export interface Progress {
  prepare(label: string): Preparation;
  begin(start: TransferStart): TransferProgress;
}

const nothing = (): void => undefined;

/** For who tells of no preparation. */
export const silentPreparation: Preparation = { doing: nothing, end: nothing };

export const silentProgress: Progress = {
  prepare: () => silentPreparation,
  begin: () => ({ advance: nothing, resume: nothing, range: nothing, end: nothing }),
};
