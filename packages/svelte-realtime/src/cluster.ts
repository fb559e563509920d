import { declared } from './declared.ts';
import type { ClusterBus } from './relay.ts';

/**
 * Carries everything that is published to the other instances of the app, however it is published. `null` takes the bus away.
 * Throws a TypeError for something else than a bus. `realtime({ bus })` says the same for one server.
 * @example setBus(createPubSubBus(redis));
 */
export function setBus(bus: ClusterBus | null): void {
	if (bus !== null && !isBus(bus)) throw new TypeError(`[svelte-realtime] setBus: ${NO_BUS}`);
	if (bus) declared().bus = bus;
	else delete declared().bus;
}

/** What `configureCron` takes. */
export interface CronConfig {
	/** Whether this instance runs timers now. Asked before each run, so it has to answer at once. */
	readonly leader?: (() => boolean) | null;
	/** The same as `setBus`. */
	readonly bus?: ClusterBus | null;
}

/**
 * Chooses the instance whose timers run, of several that share no stores; `null` takes leader and bus away. Workers of one machine
 * need it not. Throws a TypeError when nothing is given, or something else than a function and a bus.
 * @example configureCron({ leader: createLeader(redis).isLeader, bus: createPubSubBus(redis) });
 */
export function configureCron(config: CronConfig | null): void {
	if (config !== null && (typeof config !== 'object' || !('leader' in config || 'bus' in config)))
		throw new TypeError('[svelte-realtime] configureCron takes { leader, bus }, at least one of them, or null.');
	const { leader = null, bus = null } = config ?? {};
	checkLeader('configureCron', leader);
	if (config === null || 'bus' in config) setBus(bus);
	if (config !== null && !('leader' in config)) return;
	if (leader) declared().leader = leader;
	else delete declared().leader;
}

/** Whether this instance is the one that publishes what aggregates come to. Asked each time, so it has to answer at once. */
export type AggregateLeader = () => boolean;

/**
 * Lets one instance publish what every `live.aggregate` comes to, for the clients of all; without a leader, which is the default
 * and which `null` restores, each instance does for its own. Throws a TypeError for something else than a function.
 * @example configureAggregate({ leader: createLeader(platform).isLeader });
 */
export function configureAggregate(config: { readonly leader: AggregateLeader | null } | null): void {
	if (config !== null && (typeof config !== 'object' || !('leader' in config)))
		throw new TypeError('[svelte-realtime] configureAggregate takes { leader }, or null.');
	const { leader = null } = config ?? {};
	checkLeader('configureAggregate', leader);
	if (leader) declared().aggregateLeader = leader;
	else delete declared().aggregateLeader;
}

function checkLeader(what: string, leader: unknown): void {
	if (leader !== null && typeof leader !== 'function') throw new TypeError(`[svelte-realtime] ${what}: ${NO_LEADER}`);
}

/** Whether a value has the shape of a bus. */
export const isBus = (value: unknown): value is ClusterBus =>
	typeof value === 'object' && value !== null && typeof (value as Partial<ClusterBus>).wrap === 'function';

export const NO_BUS = 'the bus has to be an object with wrap(platform), as createPubSubBus(redis) gives it.';
export const NO_LEADER = 'the leader has to be a function that gives true or false, such as the isLeader of createLeader(redis).';
