import type { StepFeature } from '../../runtime/host.ts';

/** `live.public`: says something about a call, and does nothing while it runs. */
export const open: StepFeature = { step: 'public', wrap: (_host, _options, next) => next };
