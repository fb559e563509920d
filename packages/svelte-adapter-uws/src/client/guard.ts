/** Runs a callback of the app. What it throws is reported as uncaught, and stops nothing here. */
export function guard<T>(run: (value: T) => void, value: T): void {
	try {
		run(value);
	} catch (error) {
		(globalThis.reportError ?? console.error)(error);
	}
}

/** Wraps a function so that only its first call does something. */
export function onlyOnce(run: () => void): () => void {
	let done = false;
	return () => {
		if (done) return;
		done = true;
		run();
	};
}

/** Callbacks for one kind of news. */
export interface Hub<T> {
	readonly size: number;
	/** The same callback may be added twice. The function that comes back removes it; calling that again does nothing. */
	add(run: (value: T) => void): () => void;
	/** Calls all that are there now; one that throws does not keep the others from hearing. */
	emit(value: T): void;
}

/** Creates an empty list of callbacks. */
export function createHub<T>(): Hub<T> {
	const entries = new Set<{ readonly run: (value: T) => void }>();
	return {
		get size() {
			return entries.size;
		},
		add(run) {
			const entry = { run };
			entries.add(entry);
			return () => void entries.delete(entry);
		},
		emit(value) {
			for (const entry of [...entries]) if (entries.has(entry)) guard(entry.run, value);
		}
	};
}
