import type { Clock } from '../../src/contract/clock.ts';

/** Time in the hands of a test: nothing runs before it is told to. */
export class TestClock implements Clock {
	#now = 0;
	#soon: (() => void)[] = [];
	readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

	now(): number {
		return this.#now;
	}

	after(ms: number, run: () => void): Disposable {
		const timer = { at: this.#now + ms, run };
		this.#timers.add(timer);
		return { [Symbol.dispose]: () => void this.#timers.delete(timer) };
	}

	soon(run: () => void): void {
		this.#soon.push(run);
	}

	/** Ends the turn: runs what was put off until now. */
	turn(): void {
		const due = this.#soon;
		this.#soon = [];
		for (const run of due) run();
	}

	/** Lets `ms` milliseconds pass. */
	pass(ms: number): void {
		this.#now += ms;
		for (const timer of [...this.#timers]) {
			if (timer.at > this.#now || !this.#timers.delete(timer)) continue;
			timer.run();
		}
	}

	/** Timers that have not run. */
	get pending(): number {
		return this.#timers.size;
	}

	/** Whether something waits for the end of the turn. */
	get busy(): boolean {
		return this.#soon.length > 0;
	}
}
