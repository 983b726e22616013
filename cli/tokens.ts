import type { Millrace } from '../client/millrace.js';
import { tokensOf } from '../client/tokens.js';
import type { Output } from './output.js';
import { when } from './runs.js';

/** Makes a token and shows it, this once. */
export async function createTokenCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  const token = await tokensOf(millrace).create(name);
  out.document({ name, token });
  out.note('This token is shown only now; what is kept is its hash.');
  out.print(token);
}

export async function listTokensCommand(out: Output, millrace: Millrace): Promise<void> {
  const tokens = await tokensOf(millrace).list();
  out.document(tokens);
  if (tokens.length === 0) return out.print('No tokens yet. Make one: millrace tokens create <name>');
  const rows = tokens.map(({ name, createdAt, lastUsedAt }) => [
    name,
    when(createdAt),
    lastUsedAt === null ? 'never' : when(lastUsedAt),
  ]);
  out.print(out.table(['token', 'made', 'last used'], rows));
}

export async function revokeTokenCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  await tokensOf(millrace).revoke(name);
  out.document({ name, revoked: true });
  out.print(`${name} is revoked: nobody gets in with it from now on.`);
}
