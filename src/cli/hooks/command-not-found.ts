// `cdn fecth`, `cdn up now`: what the hook of that name does with words that are no command. And
// `cdn help fetch`, which asks for what `cdn fetch --help` prints.

import { loadHelpClass, type Hook } from '@oclif/core';
import { unknownCommandLines } from '../base-command.js';

const hook: Hook<'command_not_found'> = async function ({ id, argv, config }) {
  const [first, ...rest] = id.split(':');
  if (first === 'help') {
    const Help = await loadHelpClass(config);
    await new Help(config, config.pjson.oclif.helpOptions ?? {}).showHelp([...rest, ...(argv ?? [])]);
    return;
  }
  const { exit, lines } = unknownCommandLines(id, config.commandIDs);
  process.stderr.write(`${lines.join('\n')}\n`);
  this.exit(exit);
};

export default hook;
