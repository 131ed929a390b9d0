// How far a transfer is. Who transfers tells; who draws decides how it looks.

export interface TransferStart {
  /** What arrives, as transcripts name it: "video1". */
  readonly label: string;
  /** undefined when the sender doesn't say. */
  readonly totalBytes: number | undefined;
}

export interface TransferProgress {
  /** `bytes` more have arrived. */
  advance(bytes: number): void;
  /** Called once, last. */
  end(outcome: 'complete' | 'failed'): void;
}

export interface Progress {
  begin(start: TransferStart): TransferProgress;
}

export const silentProgress: Progress = {
  begin: () => ({ advance: () => undefined, end: () => undefined }),
};
