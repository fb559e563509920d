import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { within } from './within.ts';

/** Shorter than a test with processes may take, so that what the process said is in the report. */
const PATIENCE_MS = 60_000;

/** The environment of a child process: that of the tests without what a test runner adds, which servers and builders look at. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
	const own = Object.entries(process.env).filter(([name]) => !/^VITEST|^(?:NODE_ENV|MODE|DEV|PROD|SSR|BASE_URL)$/.test(name));
	return { ...Object.fromEntries(own), ...extra };
}

/** How a process is started where the usual way does not do. */
export interface RunOptions {
	/** Default: this Node. */
	readonly program?: string;
	/** Default: nothing goes in, and what comes out is kept. */
	readonly stdio?: StdioOptions;
}

/** A child process whose output is kept and can be waited for. Each wait ends, and says what the output was. Disposing kills it. */
export class Running implements AsyncDisposable {
	readonly child: ChildProcess;
	readonly #ended: Promise<number | null>;
	output = '';

	constructor(
		args: readonly string[],
		cwd: string,
		env: Readonly<Record<string, string>> = {},
		{ program = process.execPath, stdio = ['ignore', 'pipe', 'pipe'] }: RunOptions = {}
	) {
		this.child = spawn(program, args, { cwd, env: childEnvironment(env), stdio });
		this.#ended = new Promise((resolve) => this.child.once('close', resolve));
		this.child.once('error', (error) => (this.output += String(error)));
		for (const stream of [this.child.stdout, this.child.stderr])
			stream?.on('data', (data: Buffer) => (this.output += data.toString()));
	}

	/** Its exit code, once all that it and its workers said is in the output. */
	get exited(): Promise<number | null> {
		return within(this.#ended, () => `It still runs. It said:\n${this.output}`, PATIENCE_MS);
	}

	/** Resolves when the output matches; rejects with the output when the process ends before, or says it never. */
	async said(pattern: RegExp): Promise<RegExpExecArray> {
		let look = (): void => {};
		const match = new Promise<RegExpExecArray>((resolve, reject) => {
			look = () => {
				const found = pattern.exec(this.output);
				if (found) resolve(found);
			};
			look();
			for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', look);
			void this.#ended.then((code) => reject(new Error(`It ended with ${code} before it said ${pattern}:\n${this.output}`)));
		});
		try {
			return await within(match, () => `It did not say ${pattern}. It said:\n${this.output}`, PATIENCE_MS);
		} finally {
			for (const stream of [this.child.stdout, this.child.stderr]) stream?.off('data', look);
		}
	}

	/** Resolves when `url` answers without an error of the server; rejects with the output when the process ends before, or it never does. */
	async answers(url: string): Promise<void> {
		const signal = AbortSignal.timeout(PATIENCE_MS);
		for (;;) {
			const status = await fetch(url, { signal }).then(
				(response) => response.status,
				(error: unknown) => String(error)
			);
			if (typeof status === 'number' && status < 500) return;
			if (this.hasEnded || signal.aborted)
				throw new Error(`${url} does not answer, but ${status}. The process said:\n${this.output}`);
			// Nobody tells when a port is opened.
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}

	get hasEnded(): boolean {
		return this.child.exitCode !== null || this.child.signalCode !== null;
	}

	/** Ends it with a signal and gives its exit code. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
		if (!this.hasEnded) {
			// A worker that stands still holds the output open; nobody waits for that here.
			const gone = once(this.child, 'exit');
			this.child.kill(signal);
			await within(gone, () => `It goes on after ${signal}. It said:\n${this.output}`, PATIENCE_MS);
		}
		return this.child.exitCode;
	}

	/** Sends a signal again and again until the process has ended: one that follows another at once is taken for the same. */
	async insist(signal: NodeJS.Signals): Promise<void> {
		const again = setInterval(() => this.child.kill(signal), 100);
		this.child.kill(signal);
		await this.exited.finally(() => clearInterval(again));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop('SIGKILL');
	}
}
