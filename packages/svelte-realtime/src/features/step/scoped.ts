import type { Predicate } from '../../define/access.ts';
import type { StepFeature } from '../../runtime/host.ts';
import { after, denial } from '../../runtime/pipeline.ts';

/** `live.scoped`: anything but `true` denies. */
export const scoped: StepFeature<Predicate> = {
	step: 'scoped',
	wrap:
		(_host, predicate, next) =>
		(ctx, ...args) =>
			after(predicate(ctx, ...args), (verdict) => {
				if (verdict !== true) throw denial(ctx, undefined);
				return next(ctx, ...args);
			})
};
