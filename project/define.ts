import { MillraceError } from '../config/errors.js';
import { PIPELINES } from '../pipelines/index.js';
import { isOwnStep } from '../pipelines/own-step.js';
import type { Pipeline } from '../pipelines/pipeline.js';
import * as builtIn from '../pipelines/steps.js';

/** What a team adds to Millrace. */
export interface Project {
  pipelines: readonly Pipeline[];
}

/**
 * Declares a project: what the file that `project` in `millrace.yaml` names exports as its default.
 * @throws MillraceError MR_PROJECT where names are taken
 */
export function defineProject(project: Project): Project {
  const given = project.pipelines.map(({ graph }) => graph.name);
  const ours = PIPELINES.map(({ graph }) => graph.name);
  refuse('pipelines', twice(given));
  refuse(
    'a pipeline of Millrace and one of the project',
    given.filter((name) => ours.includes(name)),
  );

  const kinds = new Set(project.pipelines.flatMap(({ graph }) => graph.steps.map(({ kind }) => kind)));
  const own = [...kinds].filter(isOwnStep).map(({ activity }) => activity);
  const taken: string[] = Object.values(builtIn).map(({ activity }) => activity);
  refuse('steps', twice(own));
  refuse(
    'a step of Millrace and one of the project',
    own.filter((name) => taken.includes(name)),
  );
  return project;
}

const twice = (names: readonly string[]) => names.filter((name, at) => names.indexOf(name) !== at);

function refuse(what: string, names: readonly string[]): void {
  if (names.length === 0) return;
  throw new MillraceError('MR_PROJECT', `${what} are both called "${names[0]}"`, {
    next: 'give one of them another name',
  });
}
