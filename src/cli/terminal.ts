// The one writer of stderr: lines, and below all of them the rows that are being drawn. Lines and
// rows share a screen, so they must share a pen.

import type cliProgress from 'cli-progress';
import type { MultiBar, SingleBar } from 'cli-progress';
import type { Clock, Stop } from '../base/clock.js';

export interface Terminal {
  /** Whether rows and colours make sense. */
  readonly interactive: boolean;
  /** How wide it is. */
  readonly columns: number;
  writeLine(text: string): void;
  /** Runs what writes lines to another stream, which may be the same screen. */
  beside(stream: NodeJS.WriteStream, write: () => void): void;
  /** A row below all lines, asked for its text ten times a second. It is drawn if it is still there after a moment; nowhere but on a terminal. */
  addRow(draw: (columns: number) => string, options?: { readonly below?: Row }): Row;
  /** Leaves the screen as it was found: cursor shown, lines wrapped. Rows stay as they stand. */
  restore(): void;
}

export interface Row {
  /** The row goes; a second call does nothing. */
  remove(): void;
}

/** Long lines wrap while they are written, also above a row, which is cut to the screen itself. */
const WRAP = '\x1b[?7h';
const NO_WRAP = '\x1b[?7l';
/** What stands below was a row. */
const CLEAR_BELOW = '\x1b[0J';
/** What is over sooner needs no row, and no library that draws it. */
const PATIENCE_MS = 150;
/** Of a terminal that does not say. */
const USUAL = { columns: 80, rows: 24 } as const;

interface Drawn {
  readonly draw: (columns: number) => string;
  readonly below: Row | undefined;
  readonly row: Row;
}

export function createTerminal(stream: NodeJS.WriteStream, clock: Clock): Terminal {
  const rows: Drawn[] = [];
  /** The library's places on the screen, from above: place i shows row i. */
  const places: SingleBar[] = [];
  let library: typeof cliProgress | undefined;
  let bars: MultiBar | undefined;
  let stopWaiting: Stop | undefined;
  // Who read the log has left, or its disk is full: the lines are lost, the service goes on.
  stream.removeAllListeners('error');
  stream.on('error', () => undefined);
  const write = (text: string): void => {
    try {
      stream.write(text);
    } catch {
      // A file behind the stream is written to at once, and throws at once.
    }
  };
  const columns = (): number => stream.columns || USUAL.columns;

  function clear(): void {
    stopWaiting?.();
    stopWaiting = undefined;
    bars?.stop();
    bars = undefined;
    places.length = 0;
  }

  /** As many places as there are rows, and never more than fit the screen. */
  function fit(): void {
    if (rows.length === 0) return clear();
    if (library === undefined) {
      stopWaiting ??= clock.after(PATIENCE_MS, () => void import('cli-progress').then((loaded) => {
        library = loaded.default;
        fit();
      }));
      return;
    }
    // Every row is drawn at every turn: one may stand where another stood. Lines are cut by us, rows cleared when all are gone.
    const owner = (bars ??= new library.MultiBar({ stream, hideCursor: true, clearOnComplete: true, stopOnComplete: false, gracefulExit: false, forceRedraw: true }));
    const wanted = Math.min(rows.length, Math.max(1, (stream.rows || USUAL.rows) - 1));
    while (places.length < wanted) {
      const place = places.length;
      places.push(owner.create(1, 0, {}, { format: () => rows[place]?.draw(columns()) ?? '' }));
    }
    while (places.length > wanted) owner.remove(places.pop() as SingleBar);
  }

  return {
    interactive: stream.isTTY,
    get columns() {
      return columns();
    },
    writeLine: (text) => {
      if (bars === undefined) return write(`${text}\n`);
      bars.log(`${CLEAR_BELOW}${WRAP}${text}\n${NO_WRAP}`);
      bars.update();
    },
    beside: (other, put) => {
      if (bars === undefined || !other.isTTY) return put();
      // When the pen is back at the first row, and before any is drawn.
      bars.once('redraw-pre', () => {
        write(CLEAR_BELOW + WRAP);
        put();
        write(NO_WRAP);
      });
      bars.update();
    },
    addRow: (draw, { below } = {}) => {
      const row: Row = {
        remove: () => {
          const at = rows.findIndex((drawn) => drawn.row === row);
          if (at === -1) return;
          rows.splice(at, 1);
          fit();
        },
      };
      if (!stream.isTTY) return row;
      const family = rows.findLastIndex((drawn) => below !== undefined && (drawn.row === below || drawn.below === below));
      rows.splice(family === -1 ? rows.length : family + 1, 0, { draw, below, row });
      fit();
      return row;
    },
    restore: () => {
      const last = bars === undefined ? [] : rows.slice(0, places.length).map(({ draw }) => draw(columns()));
      rows.length = 0;
      clear();
      for (const text of last) write(`${text}\n`);
    },
  };
}
