import { Tokens } from '../store/tables/tokens.js';
import type { Millrace } from './millrace.js';

export type { TokenInfo } from '../store/tables/tokens.js';

/** The tokens that let callers from beyond loopback in. */
export const tokensOf = ({ database }: Millrace): Tokens => new Tokens(database);
