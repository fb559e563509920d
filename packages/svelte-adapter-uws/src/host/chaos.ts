/** What a test server does to the frames that it sends, and for how long: until the next call. */
export type ChaosConfig =
	/** Each frame is lost with this probability, 0 to 1, as if it had found no room. */
	| { readonly scenario: 'drop-outbound'; readonly dropRate: number }
	/** Each frame leaves this many milliseconds later; the order stays. */
	| { readonly scenario: 'slow-drain'; readonly delayMs: number }
	/** Each frame leaves up to this many milliseconds later, 0 to 60,000, each by itself: they overtake each other. */
	| { readonly scenario: 'ipc-reorder'; readonly maxJitterMs: number }
	/** Each frame leaves twice with this probability, 0 to 1. */
	| { readonly scenario: 'duplicate-outbound'; readonly duplicateRate: number }
	/** Once: every connection is closed, with 1012 and `worker restart` by default. What else is in force stays so. */
	| { readonly scenario: 'worker-flap'; readonly code?: number; readonly reason?: string };

/** What can be done to frames. */
export type ChaosScenario = ChaosConfig['scenario'];

/** A scenario that lasts. */
export type LastingChaos = Exclude<ChaosConfig, { readonly scenario: 'worker-flap' }>;

const SCENARIOS = ['drop-outbound', 'slow-drain', 'ipc-reorder', 'duplicate-outbound', 'worker-flap'];
const MAX_JITTER_MS = 60_000;

/** The scenario that is in force, and what it decides for one frame. */
export interface ChaosState {
	/** `null` = none. */
	readonly scenario: LastingChaos['scenario'] | null;
	readonly dropRate: number;
	readonly delayMs: number;
	readonly maxJitterMs: number;
	readonly duplicateRate: number;
	/** Throws a RangeError for a scenario that does not exist, does not last, or has a value out of range; nothing changes then. */
	set(config: LastingChaos): void;
	reset(): void;
	shouldDropOutbound(): boolean;
	shouldDuplicateOutbound(): boolean;
	/** Milliseconds that one frame waits. */
	getDelayMs(): number;
}

/** Makes a state without a scenario; `random` gives numbers from 0 up to 1, `Math.random` by default. */
export function createChaosState({ random = Math.random }: { readonly random?: () => number } = {}): ChaosState {
	let config: LastingChaos | null = null;
	const rate = (name: 'dropRate' | 'duplicateRate'): number => (config && name in config ? (config as never)[name] : 0);
	const happens = (probability: number): boolean => probability > 0 && random() < probability;
	return {
		get scenario() {
			return config?.scenario ?? null;
		},
		get dropRate() {
			return rate('dropRate');
		},
		get duplicateRate() {
			return rate('duplicateRate');
		},
		get delayMs() {
			return config?.scenario === 'slow-drain' ? config.delayMs : 0;
		},
		get maxJitterMs() {
			return config?.scenario === 'ipc-reorder' ? config.maxJitterMs : 0;
		},
		set(next) {
			checkChaos(next);
			config = next;
		},
		reset() {
			config = null;
		},
		shouldDropOutbound: () => happens(rate('dropRate')),
		shouldDuplicateOutbound: () => happens(rate('duplicateRate')),
		getDelayMs() {
			if (config?.scenario === 'slow-drain') return config.delayMs;
			return config?.scenario === 'ipc-reorder' ? random() * config.maxJitterMs : 0;
		}
	};
}

function checkChaos(config: LastingChaos): void {
	switch (config.scenario) {
		case 'drop-outbound':
			return check('dropRate', config.dropRate, 1);
		case 'slow-drain':
			return check('delayMs', config.delayMs, Infinity);
		case 'ipc-reorder':
			return check('maxJitterMs', config.maxJitterMs, MAX_JITTER_MS);
		case 'duplicate-outbound':
			return check('duplicateRate', config.duplicateRate, 1);
		default:
			throw new RangeError(
				`chaos: got scenario ${JSON.stringify((config as ChaosConfig).scenario)}, expected one of ${SCENARIOS.join(', ')}.`
			);
	}
}

function check(name: string, value: number, most: number): void {
	if (typeof value === 'number' && value >= 0 && value <= most && Number.isFinite(value)) return;
	throw new RangeError(`chaos: got ${name} ${String(value)}, expected 0 ${most === Infinity ? 'or more' : `to ${most}`}.`);
}
