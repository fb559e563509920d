import type { Platform } from 'svelte-adapter-uws/contract';
import type { Admission } from '../define/app-settings.ts';
import { atOnce } from '../shared/thenable.ts';

/** Whether a class of requests is turned away now. Throws for a class that `live.admission` does not name. */
export function sheds(admission: Admission | undefined, platform: Platform, name: string): boolean {
	if (!admission) return false;
	const rule = Object.hasOwn(admission.classes, name) ? admission.classes[name] : undefined;
	if (!rule)
		throw new TypeError(
			`[svelte-realtime] There is no class of service ${JSON.stringify(name)}. live.admission names ${Object.keys(admission.classes).join(', ')}.`
		);
	const { pressure } = platform;
	return typeof rule === 'function' ? atOnce(`live.admission: ${name}`, rule(pressure)) : rule.includes(pressure.reason);
}
