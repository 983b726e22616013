import { z } from 'zod';
import { explainRun } from '../../client/explain.js';
import type { Millrace } from '../../client/millrace.js';
import type { Pipeline } from '../../client/pipelines.js';
import { directNeeds, layOut } from '../../client/pipelines.js';
import { named } from '../contracts/common.js';
import { explainRequest, explanation, pipelineDetails, pipelineSummary } from '../contracts/pipelines.js';
import { problems } from '../openapi.js';
import type { Server } from '../server.js';

export function addPipelines(app: Server, millrace: Millrace): void {
  app.get(
    '/api/v1/pipelines',
    { schema: { tags: ['pipelines'], response: { 200: z.array(pipelineSummary), ...problems() } } },
    async () => millrace.pipelines.all.map(summary),
  );

  app.get(
    '/api/v1/pipelines/:name',
    {
      schema: {
        tags: ['pipelines'],
        params: named,
        response: { 200: pipelineDetails, ...problems(400, 404) },
      },
    },
    async ({ params: { name } }) => {
      const pipeline = millrace.pipelines.named(name);
      return {
        ...summary(pipeline),
        doc: pipeline.graph.doc,
        nodes: drawn(pipeline),
        params: z.toJSONSchema(pipeline.params, { io: 'input' }),
      };
    },
  );

  app.post(
    '/api/v1/pipelines/:name/explain',
    {
      config: { role: 'read' },
      schema: {
        tags: ['pipelines'],
        summary: 'What a run would be, before anything runs.',
        description: 'Its source is counted, and each step planned on what is kept.',
        params: named,
        body: explainRequest,
        response: { 200: explanation, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ params: { name }, body: { params, interval } }) =>
      explainRun(millrace, name, { params, ...(interval && { interval }) }),
  );
}

function drawn({ graph }: Pipeline) {
  const nodes = layOut(graph);
  const after = directNeeds(nodes);
  return nodes.map(({ needs: _, ...node }) => ({ ...node, after: after.get(node.name)! }));
}

const summary = ({ graph }: Pipeline) => ({
  name: graph.name,
  title: graph.title,
  steps: graph.steps.map(({ name }) => name),
});
