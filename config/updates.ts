/** The type of the failure with which a workflow turns away an update that came after its last step. */
export const ENDED = 'Ended';
