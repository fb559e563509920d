import type { LockOptions } from '../../define/lock.ts';
import type { StepFeature } from '../../runtime/host.ts';
import { after } from '../../runtime/pipeline.ts';

/** `live.lock`. */
export const lock: StepFeature<LockOptions> = {
	step: 'lock',
	wrap:
		(host, { key, lock: own = host.lock, maxWaitMs }, next) =>
		(ctx, ...args) =>
			after(typeof key === 'function' ? key(ctx, ...args) : key, (name) => {
				if (name === null || name === undefined || name === '') return next(ctx, ...args);
				if (typeof name !== 'string') throw new TypeError(`live.lock: key gave ${typeof name}, expected a text.`);
				return own.withLock(name, async () => next(ctx, ...args), { maxWaitMs, signal: ctx.signal });
			})
};
