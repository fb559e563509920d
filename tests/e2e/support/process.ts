import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A child process whose output is kept for failures. */
export class Running {
	readonly #child: ChildProcess;
	#output = '';

	constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
		this.#child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [this.#child.stdout, this.#child.stderr])
			stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
	}

	get output(): string {
		return this.#output;
	}

	get exited(): boolean {
		return this.#child.exitCode !== null || this.#child.signalCode !== null;
	}

	/** Ends it with a signal and gives its exit code. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
		if (this.exited) return this.#child.exitCode;
		this.#child.kill(signal);
		await once(this.#child, 'exit');
		return this.#child.exitCode;
	}

	/** Resolves when `url` answers; rejects with the output when the process has ended or a minute is over. */
	async answers(url: string): Promise<void> {
		const deadline = Date.now() + 60_000;
		for (;;) {
			const ok = await fetch(url).then(
				(response) => response.status < 500,
				() => false
			);
			if (ok) return;
			if (this.exited || Date.now() > deadline) throw new Error(`The server does not answer at ${url}:\n${this.#output}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}
