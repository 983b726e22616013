import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findTensorflow, loadTensorflow, type NativeTensorflow } from '../../embedded/tensorflow.js';

const cacheDir = process.env.MILLRACE_CACHE ?? join(homedir(), '.cache', 'millrace');
const index = { indexUrl: 'http://127.0.0.1:1/simple' };
const require = createRequire(import.meta.url);

describe('findTensorflow', () => {
  it('says, to people, why there is none and what happens instead', async () => {
    const empty = join(tmpdir(), 'millrace-no-such-cache');
    const found = await findTensorflow({ cacheDir: empty, index, fetch: false });
    expect(found).toEqual({ missing: expect.stringContaining('TensorFlow.js computes in JavaScript') });
  });

  it('says why it could not be fetched, and leaves nothing half made', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'millrace-tensorflow-'));
    const found = await findTensorflow({ cacheDir: empty, index, fetch: true, pip: false });
    expect(found).toEqual({ missing: expect.stringMatching(/127\.0\.0\.1:1|Linux|g\+\+/) });
    await rm(empty, { recursive: true });
  });
});

describe('native TensorFlow', () => {
  let native: NativeTensorflow | { missing: string };
  let tf: ReturnType<typeof loadTensorflow>;

  beforeAll(async () => {
    native = await findTensorflow({ cacheDir, index, fetch: false });
    if ('missing' in native) {
      if (process.env.MILLRACE_NO_SKIP === '1') throw new Error(native.missing);
      return;
    }
    tf = loadTensorflow(native);
  });

  beforeEach((ctx) => {
    if ('missing' in native) ctx.skip(native.missing);
  });

  /** Three points far apart, so that products tell rows from columns. */
  const product = () =>
    tf.tidy(() =>
      Array.from(
        tf
          .tensor2d([[1, 2, 3]])
          .matMul(
            tf.tensor2d([
              [1, 10],
              [100, 1000],
              [2, 3],
            ]),
          )
          .dataSync(),
      ),
    );

  it('is the backend, with the release it was built against', () => {
    const binding = Reflect.get(tf.backend(), 'binding') as { TF_Version: string };
    expect(tf.getBackend()).toBe('tensorflow');
    expect(binding.TF_Version).toBe('2.15.1');
    expect(tf.version['tfjs-node']).toBe('4.22.0');
    expect(product()).toEqual([207, 2019]);
  });

  it('is loaded once, and leaves no stand-in behind', () => {
    expect(loadTensorflow(native as NativeTensorflow)).toBe(tf);
    const locator = createRequire(require.resolve('@tensorflow/tfjs-node')).resolve('@mapbox/node-pre-gyp');
    expect(require.cache[locator]).toBeUndefined();
    expect(require('@tensorflow/tfjs')).toHaveProperty('getBackend');
    expect((require('@tensorflow/tfjs') as typeof tf).getBackend()).toBe('tensorflow');
  });

  it('runs operations of TensorFlow that TensorFlow.js has no name for', () => {
    const backend = tf.engine().backend as unknown as {
      executeMultipleOutputs(op: string, attributes: object[], inputs: object[], outputs: number): object[];
      binding: { TF_ATTR_TYPE: number; TF_FLOAT: number };
    };
    const type = { name: 'T', type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT };
    const [loss, gradient] = tf.tidy(() => {
      const inputs = [tf.tensor2d([[0, 0]]), tf.tensor2d([[0.5, 0.5]])];
      const outputs = backend.executeMultipleOutputs('SoftmaxCrossEntropyWithLogits', [type], inputs, 2);
      return (outputs as ReturnType<typeof tf.tensor>[]).map((tensor) => tensor.arraySync());
    });
    expect(loss).toEqual([expect.closeTo(Math.LN2, 6)]);
    expect(gradient).toEqual([[0, 0]]);
  });

  it('fits a model, the same each time, and leaks no tensor', async () => {
    const train = async () => {
      const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
      const model = tf.sequential({
        layers: [
          tf.layers.dense({ units: 8, activation: 'relu', inputShape: [4], kernelInitializer }),
          tf.layers.dense({ units: 1, kernelInitializer }),
        ],
      });
      const optimizer = tf.train.adam(0.01);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const x = tf.randomNormal([256, 4], 0, 1, 'float32', 7);
      const y = x.sum(1, true);
      const history = await model.fit(x, y, { epochs: 10, batchSize: 32, shuffle: false, verbose: 0 });
      tf.dispose([x, y]);
      model.dispose();
      optimizer.dispose();
      return history.history.loss as number[];
    };
    const before = tf.memory().numTensors;
    const first = await train();
    expect(first.at(-1)).toBeLessThan(first[0]! / 4);
    expect(await train()).toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('saves a model to a file and loads it again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-model-'));
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    await model.save(`file://${dir}`);
    const loaded = await tf.loadLayersModel(`file://${dir}/model.json`);
    const x = tf.ones([1, 3]);
    const outputs = [model, loaded].map((each) => tf.tidy(() => (each.predict(x) as typeof x).arraySync()));
    expect(outputs[1]).toEqual(outputs[0]);
    tf.dispose(x);
    model.dispose();
    loaded.dispose();
    await rm(dir, { recursive: true });
  });
});
