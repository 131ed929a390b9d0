// The portal itself has its hands full: not a party that failed, and over before long.

export class TooBusy extends Error {
  override readonly name = 'TooBusy';
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
