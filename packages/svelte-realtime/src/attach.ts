import type { Platform } from 'svelte-adapter-uws/contract';
import { manifest } from 'svelte-realtime/manifest';
import { standard } from './features/standard.ts';
import type { OnError } from './runtime/host.ts';
import { Runtime } from './runtime/runtime.ts';

// Found through the platform that every hook and request is handed, so two servers in one process stay apart; a registered
// symbol, because two copies of this package may meet on one platform.
const RUNTIME = Symbol.for('svelte-realtime.runtime');

type Carrier = Platform & { [RUNTIME]?: Runtime | undefined };

/** The platform that requests and connections derive theirs from. */
function baseOf(platform: Platform): Carrier {
	let base: Platform = platform;
	while (!Object.hasOwn(base, 'publish')) base = Object.getPrototypeOf(base) as Platform;
	return base;
}

/** The runtime of a platform's server; made, with the app's own live modules, when it is first asked for. */
export function runtimeOf(platform: Platform, onError?: OnError): Runtime {
	const found = (platform as Carrier)[RUNTIME];
	if (found) return found;
	const base = baseOf(platform);
	const runtime = new Runtime({ platform: base, features: standard, manifest, ...(onError ? { onError } : {}) });
	Object.defineProperty(base, RUNTIME, { value: runtime, configurable: true });
	return runtime;
}

/** Ends the runtime of a platform's server, if there is one. */
export function detach(platform: Platform): void {
	const base = baseOf(platform);
	base[RUNTIME]?.[Symbol.dispose]();
	Reflect.deleteProperty(base, RUNTIME);
}
