import { Millrace } from 'millrace';

const millrace = await Millrace.connect();
const { workflowId } = await millrace.start('sensor-training', {
  params: { source: '/data/plant', tz: 'Europe/Berlin', k: 6 },
});
for await (const { state, steps } of millrace.follow(workflowId)) {
  console.log(
    state,
    steps.filter((step) => step.state === 'running').map(({ name }) => name),
  );
}
console.log((await millrace.result(workflowId)).model);
await millrace.close();
