import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { Output } from '../cli/output.js';
import { createProgram } from '../cli/program.js';
import { ERRORS } from '../config/errors.js';
import { Pipelines } from '../pipelines/pipelines.js';

const readme = await readFile('README.md', 'utf8');

/** `models list` → its options, for every command there is. */
function commands(command: Command, path: string[] = []): [string, string[]][] {
  const own: [string, string[]][] =
    command.commands.length === 0 && path.length > 0
      ? [[path.join(' '), command.options.map(({ long }) => long!)]]
      : [];
  return [...own, ...command.commands.flatMap((each) => commands(each, [...path, each.name()]))];
}
const known = new Map(commands(createProgram(new Output(false, false))));

describe('the README and the command line', () => {
  const mentioned = [...readme.matchAll(/`(?:npx )?millrace ([^`]*)`|^npx millrace (.*)$/gm)].flatMap((match) =>
    (match[1] ?? match[2]!).split(/`,\s*`/),
  );
  const listed = [...readme.matchAll(/^\| `millrace[^|]*\|/gm)].flatMap(([row]) =>
    [...row.matchAll(/`(?:millrace )?([^`]+)`/g)].map(([, text]) => text!),
  );

  it.each([...new Set([...mentioned, ...listed])])('"%s" is a command with these options', (text) => {
    const words = text.split(' ');
    const name = known.has(words.slice(0, 2).join(' ')) ? words.slice(0, 2).join(' ') : words[0]!;
    expect([...known.keys()]).toContain(name);
    for (const [option] of text.matchAll(/--[a-z-]+/g)) expect(known.get(name)).toContain(option);
    if (name === 'run' && !words[1]!.startsWith('<'))
      expect([...new Pipelines().names, 'daily-swings']).toContain(words[1]);
  });

  it('names every command there is', () => {
    const words = listed.map((text) => text.split(' ').slice(0, 2).join(' '));
    const names = [...known.keys()];
    expect(names.filter((name) => !words.some((each) => each === name || each.split(' ')[0] === name))).toEqual([]);
  });
});

describe('the README and the environment', () => {
  it('name the same variables', async () => {
    const read = [
      ...(await readFile('config/env.ts', 'utf8')).matchAll(/get\('((?:MILLRACE|TEMPORAL|DATABASE)_\w+)'\)/g),
    ];
    const names = new Set(read.map(([, name]) => name!));
    names.delete('MILLRACE_NO_SKIP');
    const documented = new Set(
      [...readme.matchAll(/`((?:MILLRACE|TEMPORAL|DATABASE)_\w+)`/g)].map(([, name]) => name!),
    );
    // Of the many that Temporal's own package reads, the README names the ones that are used most.
    const temporal = await readFile('node_modules/@temporalio/envconfig/lib/envconfig-toml.js', 'utf8');
    const theirs = [...documented].filter((name) => !names.has(name) && temporal.includes(name));
    expect(theirs.length).toBeGreaterThan(0);
    expect([...documented].sort()).toEqual([...names, ...theirs].sort());
  });
});

describe('docs/errors.md', () => {
  it('has every code with its exit code, whether it is retried, and its meaning', async () => {
    const rows = [
      ...(await readFile('docs/errors.md', 'utf8')).matchAll(/^\| `(\w+)` \| (\d) \| (yes|no) \| (.*) \|$/gm),
    ];
    const documented = Object.fromEntries(
      rows.map(([, code, exit, retry, meaning]) => [code, { exit: Number(exit), retry: retry === 'yes', meaning }]),
    );
    expect(documented).toEqual(ERRORS);
  });
});
