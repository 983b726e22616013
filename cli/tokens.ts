import { type Command, Option } from 'commander';
import type { Millrace } from '../client/millrace.js';
import { tokensOf } from '../client/tokens.js';
import { ROLES, type Role } from '../config/roles.js';
import { JSON_OPTION } from './options.js';
import type { Output } from './output.js';
import { when } from './runs.js';
import { connected } from './session.js';

/** `millrace tokens …` */
export function addTokens(program: Command, out: Output): void {
  const tokens = program.command('tokens').description('who may use the REST server from beyond this machine');
  tokens
    .command('create <name>')
    .description('make a token; it is shown this once')
    .addOption(
      new Option(
        '--role <role>',
        'read: see all and predict; operate: also run things; admin: also decide what is used',
      )
        .choices(ROLES)
        .default('operate' satisfies Role),
    )
    .option(...JSON_OPTION)
    .action((name: string, { role }: { role: Role }) =>
      connected(out, (millrace) => createTokenCommand(out, millrace, name, role)),
    );
  tokens
    .command('list')
    .description('names, roles, and when each was last used')
    .option(...JSON_OPTION)
    .action(() => connected(out, (millrace) => listTokensCommand(out, millrace)));
  tokens
    .command('revoke <name>')
    .description('end a token')
    .option(...JSON_OPTION)
    .action((name: string) => connected(out, (millrace) => revokeTokenCommand(out, millrace, name)));
}

/** Makes a token and shows it, this once. */
async function createTokenCommand(out: Output, millrace: Millrace, name: string, role: Role): Promise<void> {
  const token = await tokensOf(millrace).create(name, role);
  out.document({ name, role, token });
  out.note('This token is shown only now; what is kept is its hash.');
  out.print(token);
}

async function listTokensCommand(out: Output, millrace: Millrace): Promise<void> {
  const tokens = await tokensOf(millrace).list();
  out.document(tokens);
  if (tokens.length === 0) return out.print('No tokens yet. Make one: millrace tokens create <name>');
  const rows = tokens.map(({ name, role, createdAt, lastUsedAt }) => [
    name,
    role,
    when(createdAt),
    lastUsedAt === null ? 'never' : when(lastUsedAt),
  ]);
  out.print(out.table(['token', 'role', 'made', 'last used'], rows));
}

async function revokeTokenCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  await tokensOf(millrace).revoke(name);
  out.document({ name, revoked: true });
  out.print(`${name} is revoked: nobody gets in with it from now on.`);
}
