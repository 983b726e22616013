export interface Projection {
  /** Coordinates, `rows × 2`. */
  coordinates: Float64Array;
  /** What part of the variance lies along each of the two. */
  explained: [number, number];
}

/**
 * Points on their first two principal components: those of the covariance, whose eigenvectors are found by cyclic Jacobi
 * rotations (Golub and Van Loan, Matrix Computations, 8.5). Of each component, the largest loading is positive, so that
 * the same points always lie the same way round.
 * @param data row-major, `rows × width`, finite
 * @returns zeros along a component that no variance is left for
 */
export function projectOnTwo(data: Float64Array, rows: number, width: number): Projection {
  const means = new Float64Array(width);
  for (let row = 0; row < rows; row++) for (let c = 0; c < width; c++) means[c]! += data[row * width + c]! / rows;
  const covariance = covarianceOf(data, rows, width, means);
  const { values, vectors } = eigen(covariance, width);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, 2);
  const axes = order.map((at) => {
    const axis = Float64Array.from({ length: width }, (_, c) => vectors[c * width + at]!);
    const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
    return largest < 0 ? axis.map((value) => -value) : axis;
  });
  const coordinates = new Float64Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    axes.forEach((axis, nth) => {
      let sum = 0;
      for (let c = 0; c < width; c++) sum += (data[row * width + c]! - means[c]!) * axis[c]!;
      coordinates[row * 2 + nth] = sum;
    });
  }
  const share = (nth: number) => (total === 0 ? 0 : Math.max(0, values[order[nth] ?? -1] ?? 0) / total);
  return { coordinates, explained: [share(0), share(1)] };
}

function covarianceOf(data: Float64Array, rows: number, width: number, means: Float64Array): Float64Array {
  const covariance = new Float64Array(width * width);
  const centred = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < width; c++) centred[c] = data[row * width + c]! - means[c]!;
    for (let a = 0; a < width; a++) {
      const own = centred[a]!;
      for (let b = a; b < width; b++) covariance[a * width + b]! += own * centred[b]!;
    }
  }
  const scale = 1 / Math.max(1, rows - 1);
  for (let a = 0; a < width; a++) {
    for (let b = a; b < width; b++) {
      const value = covariance[a * width + b]! * scale;
      covariance[a * width + b] = value;
      covariance[b * width + a] = value;
    }
  }
  return covariance;
}

const MOST_SWEEPS = 50;

/** All eigenvalues and eigenvectors (as columns) of a symmetric matrix, which is overwritten. */
function eigen(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let off = 0;
    let all = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        all += matrix[i * n + j]! ** 2;
        if (i !== j) off += matrix[i * n + j]! ** 2;
      }
    if (off <= 1e-30 * all) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(matrix, vectors, n, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!), vectors };
}

/** Makes the entry (p, q) zero. */
function rotate(matrix: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = matrix[p * n + q]!;
  if (apq === 0) return;
  const tau = (matrix[q * n + q]! - matrix[p * n + p]!) / (2 * apq);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const cosine = 1 / Math.sqrt(1 + t * t);
  const sine = t * cosine;
  for (let k = 0; k < n; k++) {
    const kp = matrix[k * n + p]!;
    const kq = matrix[k * n + q]!;
    matrix[k * n + p] = cosine * kp - sine * kq;
    matrix[k * n + q] = sine * kp + cosine * kq;
  }
  for (let k = 0; k < n; k++) {
    const pk = matrix[p * n + k]!;
    const qk = matrix[q * n + k]!;
    matrix[p * n + k] = cosine * pk - sine * qk;
    matrix[q * n + k] = sine * pk + cosine * qk;
    const vp = vectors[k * n + p]!;
    const vq = vectors[k * n + q]!;
    vectors[k * n + p] = cosine * vp - sine * vq;
    vectors[k * n + q] = sine * vp + cosine * vq;
  }
}
