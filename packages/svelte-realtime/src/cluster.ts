import type { PlatformBus } from './relay.ts';

/** What an app says about its cluster before it has a server. */
interface Cluster {
	bus?: PlatformBus;
	leader?: () => boolean;
}

// Said by calls that are handed no platform, while src/hooks.ws is imported, to whichever copy of this package serves.
const CLUSTER = Symbol.for('svelte-realtime.cluster');

/** The bus and the leader of servers whose `realtime()` was not given others. */
export function cluster(): Cluster {
	const holder = globalThis as { [CLUSTER]?: Cluster };
	return (holder[CLUSTER] ??= {});
}

/**
 * Carries everything that is published to the other instances of the app, however it is published. `null` takes the bus away.
 * Throws a TypeError for something else than a bus. `realtime({ bus })` says the same for one server.
 * @example setBus(createPubSubBus(redis));
 */
export function setBus(bus: PlatformBus | null): void {
	if (bus !== null && !isBus(bus)) throw new TypeError(`[svelte-realtime] setBus: ${NO_BUS}`);
	if (bus) cluster().bus = bus;
	else delete cluster().bus;
}

/** What `configureCron` takes. */
export interface CronConfig {
	/** Whether this instance runs timers now. Asked before each run, so it has to answer at once. */
	readonly leader?: (() => boolean) | null;
	/** The same as `setBus`. */
	readonly bus?: PlatformBus | null;
}

/**
 * Chooses the instance whose timers run, of several that share no stores; `null` takes leader and bus away. Workers of one machine
 * need it not. Throws a TypeError when nothing is given, or something else than a function and a bus.
 * @example configureCron({ leader: createLeader(redis).isLeader, bus: createPubSubBus(redis) });
 */
export function configureCron(config: CronConfig | null): void {
	if (config !== null && (typeof config !== 'object' || !('leader' in config || 'bus' in config)))
		throw new TypeError('[svelte-realtime] configureCron takes { leader, bus }, at least one of them, or null.');
	const { leader = null, bus = null } = config ?? { leader: null, bus: null };
	if (leader !== null && typeof leader !== 'function') throw new TypeError(`[svelte-realtime] configureCron: ${NO_LEADER}`);
	if (config === null || 'bus' in config) setBus(bus);
	if (config !== null && !('leader' in config)) return;
	if (leader) cluster().leader = leader;
	else delete cluster().leader;
}

/** Whether a value has the shape of a bus. */
export const isBus = (value: unknown): value is PlatformBus =>
	typeof value === 'object' && value !== null && typeof (value as Partial<PlatformBus>).wrap === 'function';

export const NO_BUS = 'the bus has to be an object with wrap(platform), as createPubSubBus(redis) gives it.';
export const NO_LEADER = 'the leader has to be a function that gives true or false, such as the isLeader of createLeader(redis).';
