import type { StepFeature } from '../../runtime/host.ts';

/** `live.public` and `live.volatile`: say something about a call, and do nothing while it runs. */
export const open: StepFeature = { step: 'public', wrap: (_host, _options, next) => next };
export const volatile: StepFeature = { step: 'volatile', wrap: open.wrap };
