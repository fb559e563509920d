import { behind, type BreakerOptions } from '../../define/breaker.ts';
import type { StepFeature } from '../../runtime/host.ts';

/** `live.breaker` around a call. */
export const breaker: StepFeature<BreakerOptions> = {
	step: 'breaker',
	wrap:
		(_host, options, next) =>
		(ctx, ...args) =>
			behind(options, next, ctx, args)
};
