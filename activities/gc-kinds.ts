/**
 * What Millrace writes into the store: how the keys begin, and what lies there. Whatever else is in the store is
 * somebody else's, and nobody of ours touches it.
 */
export const STORED: Readonly<Record<string, string>> = {
  answers: 'answers of databases',
  assignments: 'chunks by cluster',
  chunks: 'chunks',
  creators: 'feature creators',
  failed: 'lists of what failed',
  features: 'feature tables',
  findings: 'findings about sources',
  kept: 'records of what is made',
  listings: 'listings of sources',
  manifests: 'manifests of chunks',
  models: 'models',
  predictions: 'predictions',
  quarantine: 'unusable readings',
  reports: 'reports',
  scratch: 'what was being written when a process died',
  'source-tables': 'layouts of sources',
  staged: 'staged readings',
  'staged-sources': 'lists of staged readings',
  tables: 'transformed features',
  worklists: 'worklists',
};

/** How a key begins. */
export const kindOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf('/')));
