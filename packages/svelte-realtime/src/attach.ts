import type { Platform } from 'svelte-adapter-uws/contract';
import { dev, manifest } from 'svelte-realtime/manifest';
import { RUNTIME, type Carrier } from './attached.ts';
import { declared } from './declared.ts';
import { app } from './define/app.ts';
import { standard } from './features/standard.ts';
import { platforms } from './platforms.ts';
import { everybody } from './on-error.ts';
import { relay, type ClusterBus, type Relays } from './relay.ts';
import type { TopicBus } from './runtime/follows.ts';
import { Runtime, type RuntimeParts } from './runtime/runtime.ts';
import { findTracing } from './runtime/tracing.ts';
import { atOnce } from './shared/thenable.ts';

/** When this module was made. In dev a change of a live module makes it anew, with the manifest of that moment. */
const MADE = performance.now();

/** What the app says about its runtime, in whichever hook comes first: a page may have made the runtime before any hook ran. */
interface Options extends Pick<RuntimeParts, 'onError' | 'plainTopics' | 'requireGuard' | 'leader'> {
	readonly bus?: ClusterBus | undefined;
}

interface Attached {
	readonly runtime: Runtime;
	readonly made: number;
	/** Takes the bus away from the platform. */
	readonly relay: Disposable;
	options: Options;
}

/** The platform that requests and connections derive theirs from. */
function baseOf(platform: Platform): Carrier<Attached> {
	let base: Platform = platform;
	while (!Object.hasOwn(base, 'publish')) base = Object.getPrototypeOf(base) as Platform;
	return base as Carrier<Attached>;
}

/** The runtime of a platform's server; made, with the app's own live modules, when it is first asked for. */
export function runtimeOf(platform: Platform, options?: Options): Runtime {
	const found = (platform as Carrier<Attached>)[RUNTIME];
	if (found && (found.made >= MADE || manifest.length === 0)) {
		if (options) found.options = options;
		return found.runtime;
	}
	// The app has changed, and its hooks did not say so by their shutdown.
	if (found) end(found);
	const base = baseOf(platform);
	const settings = app();
	const runtime = new Runtime({
		platform: base,
		features: standard,
		manifest,
		app: settings,
		dev,
		get onError() {
			return everybody(attached.options.onError, settings.errorHandlers);
		},
		get plainTopics() {
			return attached.options.plainTopics;
		},
		get requireGuard() {
			return attached.options.requireGuard;
		},
		get leader() {
			return attached.options.leader ?? declared().leader;
		},
		get aggregateLeader() {
			return declared().aggregateLeader;
		},
		get isBridged() {
			return busOf(attached) !== undefined;
		},
		get topicBus() {
			const bus = busOf(attached);
			return bus && isTopicBus(bus) ? bus : undefined;
		}
	});
	const relays: Relays = {
		bus: () => busOf(attached),
		leads() {
			try {
				return atOnce('leader()', (attached.options.leader ?? declared().leader)?.());
			} catch (error) {
				runtime.report('leader', error);
				return false;
			}
		}
	};
	const attached: Attached = { runtime, made: MADE, relay: relay(base, relays), options: options ?? {} };
	Object.defineProperty(base, RUNTIME, { value: attached, configurable: true });
	platforms().add(base);
	void findTracing(settings);
	// Whether a client may join a topic depends on all modules; this one may be asked before the init hook, or without it.
	void runtime.ready();
	return runtime;
}

/** Ends the runtime of a platform's server, unless a newer one has taken its place. */
export function detach(platform: Platform): void {
	const base = baseOf(platform);
	const found = base[RUNTIME];
	if (!found || found.made > MADE) return;
	end(found);
	Reflect.deleteProperty(base, RUNTIME);
	platforms().delete(base);
}

function end({ runtime, relay: relayed }: Attached): void {
	runtime[Symbol.dispose]();
	relayed[Symbol.dispose]();
}

const isTopicBus = (bus: ClusterBus): bus is ClusterBus & TopicBus => typeof bus.follow === 'function';

const busOf = ({ options }: Attached): ClusterBus | undefined => options.bus ?? declared().bus;

/** The bus of a platform's server, whoever named it. */
export function busOn(platform: Platform): ClusterBus | undefined {
	const found = (platform as Carrier<Attached>)[RUNTIME];
	return found ? busOf(found) : undefined;
}
