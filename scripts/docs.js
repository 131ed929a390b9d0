// Writes docs/commands.md from what each command's --help prints. A test holds the page to it.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const OPENING = `# Commands

What \`cdn COMMAND --help\` prints. This page is made from it by \`npm run docs\`.

A flag that sets a party up has an environment variable, named in its line; what one run does, such as
\`--drain\`, has none. A flag wins over the variable, the variable over the default. Exit statuses: [errors.md](errors.md).
`;

function help(command) {
  const args = [path.join(project, 'bin', 'run.js'), ...command, '--help'];
  // The widths and colours of whoever runs this must not show in the page.
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', OCLIF_COLUMNS: '100' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`cdn ${command.join(' ')} --help ended with ${status}: ${stderr}`);
  return stdout.split('\n').map((line) => line.trimEnd()).join('\n').trim();
}

/** The whole page. */
export function commandsPage() {
  const manifest = JSON.parse(readFileSync(path.join(project, 'oclif.manifest.json'), 'utf8'));
  const ids = Object.keys(manifest.commands).filter((id) => manifest.commands[id].hidden !== true).sort();
  return [OPENING, ...ids.map((id) => `## cdn ${id}\n\n\`\`\`text\n${help(id.split(':'))}\n\`\`\`\n`)].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(path.join(project, 'docs', 'commands.md'), commandsPage());
