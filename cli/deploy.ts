import { currentBuild, deployBuild } from '../client/deployments.js';
import type { Millrace } from '../client/millrace.js';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import type { Output } from './output.js';

const WAIT_MS = 300_000;

/** Makes a build the one that new runs begin on: the one named, or the one of this process. */
export async function deployCommand(out: Output, millrace: Millrace, named: string | undefined): Promise<void> {
  const build = named ?? readEnv().buildId;
  if (build === undefined)
    throw new MillraceError('MR_CALL', 'which build?', {
      allowed: 'millrace deploy <build>, or set MILLRACE_BUILD_ID',
    });
  const before = await currentBuild(millrace);
  let said = '';
  await deployBuild(millrace, build, {
    waitMs: WAIT_MS,
    onWait(lacking) {
      const text = `waiting for workers of build ${build}: ${lacking.length} queues are not served yet`;
      if (text !== said) out.note(text);
      said = text;
    },
  });
  out.document({ build, before });
  out.print(
    before === build
      ? `Build ${build} is current already.`
      : `New runs begin on build ${build}${before === null ? '' : `; runs that began on ${before} end there`}.`,
  );
}
