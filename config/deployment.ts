/** The name under which all builds of the workers are known to Temporal. */
export const DEPLOYMENT = 'millrace';
