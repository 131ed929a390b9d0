// What --help prints: oclif's, kept within the terminal.

import { CommandHelp, Help } from '@oclif/core';

type ListOptions = Parameters<CommandHelp['renderList']>[1];

class WithinTheTerminal extends CommandHelp {
  /** Where names take half the width, what they mean stands under them. */
  override renderList(input: (string | undefined)[][], options: ListOptions): string {
    const widest = Math.max(0, ...input.map(([name = '']) => name.length));
    return super.renderList(input, { ...options, multiline: options.multiline === true || widest * 2 > this.opts.maxWidth });
  }

  /** oclif wraps what stands under a name to be set in by two more columns, and then sets it in by four. */
  override indent(body: string, spacing = this.indentSpacing): string {
    return super.indent(body, spacing === 4 ? 2 : spacing);
  }
}

export class CdnHelp extends Help {
  protected override CommandHelpClass = WithinTheTerminal;
}
