/** Makes native TensorFlow ready in a folder, and computes with it: `tensorflow.mjs <folder>`, in the root of a build. */
import { readEnv } from '../dist/config/env.js';
import { pipIndex } from '../dist/embedded/pip-index.js';
import { findTensorflow, loadTensorflow } from '../dist/embedded/tensorflow.js';

const found = await findTensorflow({ cacheDir: process.argv[2], index: await pipIndex(readEnv()), fetch: true });
if ('missing' in found) throw new Error(found.missing);
const tf = loadTensorflow(found);
const [sum] = await tf.tensor1d([1, 2, 3]).sum().data();
if (tf.getBackend() !== 'tensorflow' || sum !== 6) throw new Error(`${tf.getBackend()} sums 1, 2, 3 to ${sum}`);
