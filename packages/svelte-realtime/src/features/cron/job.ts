import type { CronOutcome } from '../../define/app-settings.ts';
import type { Cron } from '../../define/reactive.ts';
import type { Host } from '../../runtime/host.ts';
import { LiveError } from '../../shared/error.ts';

/** A time that passed longer ago than this was missed, rather than late. */
const LATE_MS = 60_000;
/** Nodes whose clocks differ by less than this run each time once. */
const SKEW_MS = 600_000;
/** Within this time after a start, another start is the same one. */
const START_MS = 60_000;
/** Milliseconds after which the run of a node that is gone no longer counts. */
const LEASE_MS = 30_000;

/** One run, from the moment when it was due. */
interface Run {
	readonly abort: AbortController;
	/** Rejects when the run is over before its function is. */
	readonly over: PromiseWithResolvers<never>;
}

/**
 * Runs the function of a cron: each time is claimed in the stores, so that of all nodes that share them one runs it; unless runs
 * may overlap, a lease keeps other nodes from a second one.
 */
export class Job implements Disposable {
	readonly #host: Host;
	readonly #path: string;
	readonly #cron: Cron;
	readonly #waiting = new Set<Disposable>();
	readonly #runs = new Set<Run>();
	/** The claim of the start, which somebody else may have once this job is replaced. */
	#start: string | undefined;
	#isBusy = false;
	#isDisposed = false;

	constructor(host: Host, path: string, cron: Cron) {
		this.#host = host;
		this.#path = path;
		this.#cron = cron;
	}

	/** The server starts. */
	begin(): void {
		void this.#attempt('start', this.#host.date(), START_MS, (token) => (this.#start = token));
	}

	/** A time of the schedule has come; `next` is the one after it. */
	tick(time: number, next: number): void {
		const { catchUp = false, jitterMs = 0 } = this.#cron.options;
		const late = this.#host.date() - time;
		if (late > LATE_MS && !catchUp) {
			this.#count('skipped');
			this.#host.warn(
				`${this.#path} did not run at ${new Date(time).toISOString()}: the process was asleep or blocked until ${Math.round(late / 1000)} seconds later. Set catchUp: true to run it late.`
			);
			return;
		}
		// A node that slept through it looks for the claim as long as no other time has come.
		const ttl = next - time + SKEW_MS;
		const attempt = (): void => void this.#attempt(`${time}`, time, ttl);
		if (jitterMs === 0) return attempt();
		const timer = this.#host.after(Math.random() * jitterMs, () => {
			this.#waiting.delete(timer);
			attempt();
		});
		this.#waiting.add(timer);
	}

	[Symbol.dispose](): void {
		this.#isDisposed = true;
		for (const timer of this.#waiting) timer[Symbol.dispose]();
		this.#end(new LiveError('CANCELLED', `${this.#path} was stopped.`));
		if (this.#start !== undefined) void this.#give(this.#key('start'), this.#start);
	}

	#key(which: string): string {
		return `cron:${this.#path}:${which}`;
	}

	/** Runs it if nobody else does. Never rejects. */
	async #attempt(which: string, due: number, ttlMs: number, claimed?: (token: string) => void): Promise<void> {
		const { idempotency } = this.#host.platform.stores;
		const { overlap = false } = this.#cron.options;
		try {
			if (!this.#leads()) return;
			const key = this.#key(which);
			const claim = await idempotency.claim(key, ttlMs);
			// The node that has it counts what comes of it.
			if (claim.state !== 'claimed') return;
			claimed?.(claim.token);
			if (this.#isDisposed) await this.#give(key, claim.token);
			else if (overlap) await this.#run(due, () => Promise.resolve(true));
			else await this.#runAlone(due);
		} catch (error) {
			this.#count('error');
			this.#host.onError(this.#path, error);
		}
	}

	#leads(): boolean {
		let leads: boolean;
		try {
			leads = this.#host.isLeader();
		} catch (error) {
			this.#count('leader-error');
			this.#host.onError(this.#path, error);
			return false;
		}
		if (!leads) this.#count('not-leader');
		return leads;
	}

	#count(outcome: CronOutcome): void {
		this.#host.app.metrics?.cron(this.#path, outcome);
	}

	async #runAlone(due: number): Promise<void> {
		if (this.#isBusy) return this.#count('skipped');
		this.#isBusy = true;
		const { lease, node } = this.#host.platform.stores;
		const name = `cron:${this.#path}`;
		const isMine = async (): Promise<boolean> => (await lease.hold(name, node, LEASE_MS)).holder === node;
		let renewal: Disposable | undefined;
		const renew = (): void => {
			renewal = this.#host.after(LEASE_MS / 3, () => {
				renew();
				isMine().then(
					(isHeld) => void (isHeld || this.#end(lost(this.#path))),
					(error: unknown) => this.#host.onError(this.#path, error)
				);
			});
		};
		try {
			if (!(await isMine())) return this.#count('skipped');
			renew();
			try {
				await this.#run(due, isMine);
			} finally {
				renewal?.[Symbol.dispose]();
				await lease.release(name, node);
			}
		} finally {
			this.#isBusy = false;
		}
	}

	/** Rejects with what the function throws, or because it takes too long. What it gives counts while `isMine`. */
	async #run(due: number, isMine: () => Promise<boolean>): Promise<void> {
		const { topic, run: fn, options } = this.#cron;
		const run: Run = { abort: new AbortController(), over: Promise.withResolvers() };
		const context = this.#host.context({ signal: run.abort.signal });
		const { timeoutMs } = options;
		const timer =
			timeoutMs === undefined ? undefined : this.#host.after(timeoutMs, () => end(run, tooLong(this.#path, timeoutMs)));
		this.#runs.add(run);
		try {
			const result = await Promise.race([fn(context, new Date(due)), run.over.promise]);
			if (result !== undefined) {
				if (!(await isMine())) throw lost(this.#path);
				context.publish(topic, 'set', result);
			}
			this.#count('ok');
		} catch (error) {
			if (!this.#isDisposed) throw error;
		} finally {
			timer?.[Symbol.dispose]();
			this.#runs.delete(run);
		}
	}

	#end(reason: LiveError): void {
		for (const run of this.#runs) end(run, reason);
	}

	async #give(key: string, token: string): Promise<void> {
		await this.#host.platform.stores.idempotency
			.abandon(key, token)
			.catch((error: unknown) => this.#host.onError(this.#path, error));
	}
}

function end({ over, abort }: Run, reason: LiveError): void {
	over.reject(reason);
	abort.abort(reason);
}

const tooLong = (path: string, ms: number): LiveError =>
	new LiveError('TIMEOUT', `${path} took longer than ${ms} ms, so its run was given up.`);

const lost = (path: string): LiveError =>
	new LiveError('LEASE_LOST', `${path} was asleep or blocked for so long that another node runs it, so its run was given up.`);
