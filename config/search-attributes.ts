/** Search attributes that `up` registers; a workflow that sets an unregistered one would stall for ever. */
export const SEARCH_ATTRIBUTES = {
  pipeline: 'MillracePipeline',
  interval: 'MillraceInterval',
  modelVersion: 'MillraceModelVersion',
} as const;
