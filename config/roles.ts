/** What a token lets its holder do, each with what those before it may: see, run things, and decide what is used. */
export const ROLES = ['read', 'operate', 'admin'] as const;

export type Role = (typeof ROLES)[number];

export const mayAs = (role: Role, needed: Role) => ROLES.indexOf(role) >= ROLES.indexOf(needed);
