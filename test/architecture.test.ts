import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * Who may import whom: the arrows of the design, from a room to rooms or to single files. `values` may be imported
 * whole, of `types` only the types, which leave no trace in the compiled code. Workers know workflows by path alone.
 */
const ARROWS: Record<string, { values: string[]; types?: string[] }> = {
  workers: { values: ['activities', 'pipelines', 'project', 'store', 'config', 'ml'] },
  // Of the store, steps import what they compute with: hashes, formats, quoting, taking turns. What they act on is handed to them.
  activities: {
    values: [
      'ml',
      'pipelines',
      'dag',
      'config',
      'formats',
      'store/each-of',
      'store/hash',
      'store/frames',
      'store/kept',
      'store/kept-rows',
      'store/report-key',
      'store/sql',
    ],
    types: ['store'],
  },
  workflows: { values: ['dag', 'config/queues', 'config/search-attributes', 'config/updates'], types: ['activities'] },
  // A warm model answers without Temporal, so the client computes with what the steps compute with.
  client: { values: ['pipelines', 'project', 'dag', 'store', 'config', 'ml'], types: ['activities'] },
  cli: { values: ['client', 'embedded', 'workers', 'project', 'config'] },
  api: { values: ['client', 'config'] },
  // What a param may be, where it says how files are read.
  pipelines: { values: ['dag', 'config', 'formats/path-pattern', 'formats/zones'], types: ['activities'] },
  // What a team adds: how it is declared, found and loaded.
  project: { values: ['pipelines', 'config', 'store/hash'], types: ['activities'] },
  // Runs pipelines of projects as they run anywhere else, on services of its own.
  testing: { values: ['activities/own', 'client', 'embedded', 'pipelines', 'project', 'workers', 'config'] },
  store: { values: ['config'], types: ['dag', 'ml'] },
  embedded: { values: ['config'] },
  config: { values: [] },
  dag: { values: [] },
  // How files are written, found from their first bytes.
  formats: { values: ['config'] },
  ml: { values: [] },
};

/** Measures all the others: it may import any of them, and none imports it. */
const OUTSIDE = ['bench'];

/** The only packages, Node's own modules among them, that these rooms may import. */
const PACKAGES: Record<string, string[]> = {
  workflows: ['@temporalio/workflow', '@temporalio/common'],
  dag: [],
  ml: [],
  formats: ['csv-parse/sync'],
};

/** Rooms without clock, chance or surroundings: all of that is handed in. */
const PURE = ['dag', 'ml'];
const SURROUNDINGS = [
  ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'crypto'],
  ...['process', 'globalThis', 'global', 'console', 'fetch', 'require', 'Buffer', 'Intl'],
];

/** The one reader of the environment. */
const READS_ENV = ['config/env.ts'];

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  /** Path of one of our files, or the name of a package. */
  to: string;
  own: boolean;
  value: boolean;
  /** A list of nothing but `type` names: only `import type` would leave no trace. */
  halfway: boolean;
}

interface Source {
  path: string;
  room: string;
  tree: ts.SourceFile;
  imports: Import[];
}

const rooms = (await readdir(root, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && entry.name in ARROWS)
  .map(({ name }) => name);
const sources = (await Promise.all(rooms.map(sourcesOf))).flat();
const sourcesIn = (room: string) => sources.filter((source) => source.room === room);

async function sourcesOf(room: string): Promise<Source[]> {
  const files = (await readdir(join(root, room), { recursive: true })).filter((file) => /\.tsx?$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const path = posix.join(room, file);
      const tree = ts.createSourceFile(path, await readFile(join(root, path), 'utf8'), ts.ScriptTarget.ES2022, true);
      return { path, room, tree, imports: importsOf(path, tree) };
    }),
  );
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, value: boolean, halfway = false) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    const own = text.startsWith('.');
    const to = own ? posix.join(posix.dirname(path), text).replace(/\.js$/, '.ts') : text;
    imports.push({ to, own, value, halfway });
  };
  const addNames = (statement: ts.ImportDeclaration | ts.ExportDeclaration, wholly: boolean, names: NamedNode) => {
    const each = names !== undefined && 'elements' in names && names.elements.length > 0 ? [...names.elements] : null;
    const halfway = !wholly && each !== null && each.every((element) => 'isTypeOnly' in element && element.isTypeOnly);
    add(statement.moduleSpecifier, !wholly && !halfway, halfway);
  };
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      addNames(node, clause?.isTypeOnly === true, clause?.name === undefined ? clause?.namedBindings : undefined);
    } else if (ts.isExportDeclaration(node)) addNames(node, node.isTypeOnly, node.exportClause);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, false);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], true);
  });
  return imports;
}

type NamedNode = ts.NamedImportBindings | ts.NamedExportBindings | undefined;

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** Whether a file lies in one of these rooms, or is one of these files. */
const within = (path: string, places: readonly string[]) =>
  places.some((place) => path.startsWith(`${place}/`) || path === `${place}.ts`);

describe.each(rooms)('the room %s', (room) => {
  const { values, types = [] } = ARROWS[room]!;

  it('imports only what it may', () => {
    const wrong = sourcesIn(room).flatMap(({ path, imports }) =>
      imports
        .filter((each) => each.own && !within(each.to, [room, ...values, ...(each.value ? [] : types)]))
        .map(({ to, value }) => `${path} → ${value ? '' : 'types of '}${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('imports only files that are there', () => {
    const paths = new Set(sources.map(({ path }) => path.replace(/x$/, '')));
    const lost = sourcesIn(room).flatMap(({ path, imports }) =>
      imports.filter((each) => each.own && !paths.has(each.to)).map(({ to }) => `${path} → ${to}`),
    );
    expect(lost).toEqual([]);
  });
});

describe('the page', () => {
  const page = sources.filter(({ path }) => path.startsWith('api/page/'));

  it('runs in browsers: of the other rooms, it knows what goes over the wire, and leaves no trace of that', () => {
    const wrong = page.flatMap(({ path, imports }) =>
      imports
        .filter((each) => each.own && !within(each.to, ['api/page', ...(each.value ? [] : ['api/contracts'])]))
        .map(({ to }) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has its styles from the sheets that there are, each linked once', async () => {
    const html = await readFile(join(root, 'api/page/index.html'), 'utf8');
    const linked = [...html.matchAll(/href="\/page\/styles\/([^"]+)"/g)].map(([, name]) => name!);
    expect(linked.sort()).toEqual((await readdir(join(root, 'api/page/styles'))).sort());
  });

  it('loads no package but those that are served with it', () => {
    const served = ['preact', 'preact/hooks'];
    const wrong = page.flatMap(({ path, imports }) =>
      imports.filter((each) => !each.own && each.value && !served.includes(each.to)).map(({ to }) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe.each(Object.entries(PACKAGES))('the bare room %s', (room, allowed) => {
  it('imports no package but its own few', () => {
    const wrong = sourcesIn(room).flatMap(({ path, imports }) =>
      imports.filter((each) => !each.own && !allowed.includes(each.to)).map(({ to }) => `${path} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe.each(PURE)('the pure room %s', (room) => {
  it('uses no clock, no chance and no surroundings', () => {
    const used: string[] = [];
    for (const { path, tree } of sourcesIn(room)) {
      visit(tree, (node) => {
        if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') used.push(`${path}: Math.random`);
        if (!ts.isIdentifier(node) || !SURROUNDINGS.includes(node.text)) return;
        const { parent } = node;
        const isMember =
          (ts.isPropertyAccessExpression(parent) ||
            ts.isPropertyAssignment(parent) ||
            ts.isPropertySignature(parent)) &&
          parent.name === node;
        if (!isMember) used.push(`${path}: ${node.text}`);
      });
    }
    expect(used).toEqual([]);
  });
});

describe('all rooms', () => {
  it('are known here when they are compiled', () => {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
    expect([...Object.keys(ARROWS), ...OUTSIDE].sort()).toEqual([...config.include].sort());
  });

  it('leave the environment to its one reader', () => {
    const readers = new Set<string>();
    for (const { path, tree } of sources) {
      visit(tree, (node) => {
        if (ts.isPropertyAccessExpression(node) && node.getText() === 'process.env') readers.add(path);
      });
    }
    expect([...readers]).toEqual(READS_ENV);
  });

  it('write `import type` where they import nothing but types, so that no import is left', () => {
    const halfway = sources.flatMap(({ path, imports }) =>
      imports.filter((each) => each.halfway).map(({ to }) => `${path} → ${to}`),
    );
    expect(halfway).toEqual([]);
  });

  it('have no circle of imports', () => {
    const needs = new Map(
      sources.map(({ path, imports }) => [path, imports.filter((each) => each.own && each.value).map(({ to }) => to)]),
    );
    // What imports none of the rest, or is imported by none of it, lies in no circle.
    for (let before = -1; before !== needs.size; ) {
      before = needs.size;
      for (const [path, own] of needs) {
        const imported = [...needs.values()].some((others) => others.includes(path));
        if (!imported || !own.some((to) => needs.has(to))) needs.delete(path);
      }
    }
    expect([...needs.keys()]).toEqual([]);
  });
});

describe('the workflow bundle', async () => {
  const bundle = await readFile(join(root, 'dist/workflow-bundle.js'), 'utf8');
  const modules = [...new Set([...bundle.matchAll(/"\.\/((?:node_modules|dist)\/[^"]+)"/g)].map(([, path]) => path!))];

  it('holds the workflows', () => {
    expect(modules).toContain('dist/workflows/runner.js');
  });

  it.each(['zod', 'pg', 'kysely', '@duckdb', 'hyparquet', 'pino', '@temporalio/activity', '@temporalio/worker'])(
    'holds nothing of %s',
    (name) => {
      expect(modules.filter((path) => path.includes(`node_modules/${name}/`))).toEqual([]);
    },
  );

  it.each(['node:fs', 'node:path', 'node:crypto', '@duckdb/'])('does not speak of %s', (name) => {
    expect(bundle.includes(name)).toBe(false);
  });

  it('holds of our rooms only what workflows may import', () => {
    const ours = modules
      .filter((path) => path.startsWith('dist/'))
      .map((path) => path.slice('dist/'.length).replace(/\.js$/, '.ts'));
    expect(ours.filter((path) => !within(path, ['workflows', ...ARROWS.workflows!.values]))).toEqual([]);
  });
});
