// `cdn fecth`: what the hook of that name does with a word that is no command.

import type { Hook } from '@oclif/core';
import { unknownCommandLines } from '../base-command.js';

const hook: Hook<'command_not_found'> = function ({ id, config }) {
  const typed = id.split(':')[0] ?? id;
  const { exit, lines } = unknownCommandLines(typed, config.commandIDs);
  process.stderr.write(`${lines.join('\n')}\n`);
  this.exit(exit);
  return Promise.resolve();
};

export default hook;
